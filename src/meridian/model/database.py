"""The CockroachDB cluster that spans the regions; where each node sits is the regions' own data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from meridian.model.base import HostName, ImageDigest, Key, Model

GIB = 1024
"""MiB in a GiB."""


class Partition(Model):
    """One value of the partitioning column and the locality that its rows are constrained to."""

    constraint: str
    """The region tier exactly as the nodes are started with it, such as eu for `region=eu`."""
    lease_preferences: tuple[Annotated[str, Field(pattern=r"^[a-z]+=[a-z0-9-]+$")], ...] = ()
    """Tiers of the nodes that serve the rows first, best first, such as `cloud=gcp`; none: any node of the region."""


class Image(Model):
    """The container image of a node; pulled by digest wherever one is set."""

    repository: Annotated[str, Field(pattern=r"^[a-z0-9.-]+(:\d+)?(/[a-z0-9._-]+)+$")] = (
        "docker.io/cockroachdb/cockroach"
    )
    tag: Annotated[str, Field(pattern=r"^v\d+\.\d+\.\d+$")] = "v26.2.5"
    digest: ImageDigest | None = None
    """What the tag meant when somebody checked it; without one only previews and simulated clusters take the image."""

    def reference(self) -> str:
        """Return repository, tag and, where set, digest; a runtime goes by the digest."""
        return f"{self.repository}:{self.tag}" + (f"@{self.digest}" if self.digest else "")


class Volume(Model):
    """What a node's volume must deliver; 500 IOPS and 30 MB/s for each vCPU (CockroachDB v26.2, "Production checklist")."""

    iops: Annotated[int, Field(ge=1000, le=64000)] = 4000
    throughput_mib: Annotated[int, Field(ge=60, le=2000)] = 240
    """MiB a second."""


class Encryption(Model):
    """Encryption at rest of the store, above that of the disk: a key for each generation, the newest in use."""

    generation: Annotated[int, Field(ge=1, le=99)] = 1
    """Raise it to rotate: the new key encrypts, the one before is given as the old one until the next rotation."""


class Certificates(Model):
    """The cluster's authority, by generation, and how long what it signs is valid."""

    signing: Annotated[int, Field(ge=1, le=99)] = 1
    """The generation that signs node and client certificates."""
    trusted: Annotated[tuple[Annotated[int, Field(ge=1, le=99)], ...], Field(min_length=1, max_length=2)] = (
        1,
    )
    """The generations in the bundle that every node and client trusts; two of them during a change of authority."""
    node_days: Annotated[int, Field(ge=30, le=825)] = 365
    client_days: Annotated[int, Field(ge=7, le=397)] = 90
    renew_days: Annotated[int, Field(ge=1, le=180)] = 30
    """So many days before the end the next `up` signs anew."""
    clients: Annotated[dict[Key, str], Field(min_length=1)] = Field(default_factory=lambda: {"root": "root"})
    """SQL users that sign in by certificate, root and every login role; the value is the certificate's common name."""


class Logs(Model):
    """A node's logs: audit channels to files that block when full, and a redacted stream that is shipped."""

    audit_channels: tuple[Literal["SESSIONS", "USER_ADMIN", "PRIVILEGES", "SENSITIVE_ACCESS"], ...] = (
        "SESSIONS",
        "USER_ADMIN",
        "PRIVILEGES",
        "SENSITIVE_ACCESS",
    )
    max_group_mib: Annotated[int, Field(ge=50, le=10240)] = 1024
    """Size of each group of log files on the node's volume."""


class Access(Model):
    """Where the schema is applied, and by whom it is licensed."""

    server: Literal["cluster", "embedded"] = "cluster"
    """The nodes on the estate's clusters, or a real server on the machine that runs `up`: CockroachDB's nodes as processes
    where a cockroach is on PATH when the database is made, PostgreSQL elsewhere."""
    host: HostName | None = None
    """By which name the nodes' SQL port is reached; none: the first node's own name in the private zone."""
    licence: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,20}$")] | None = None
    """Version of the licence in the secret setting `databaseLicence`; raise it to set the licence anew."""

    restored: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")] | None = None
    """Name of the last restore from a backup, such as its date: a change of it takes the older ledger as it is."""
    process_mib: Annotated[int, Field(ge=512, le=65536)] = 512
    """Memory (MiB) that each node's process is sized for where `embedded` is CockroachDB: a quarter each for cache and SQL."""


class Database(Model):
    """Topology and sizes; consumed by the platforms and the data unit."""

    name: Key = "app"
    nodes: Annotated[int, Field(ge=3, le=99)] = 9
    replication_factor: Literal[3, 5, 7] = 3
    form: Literal["partition-by-list", "regional-by-row"] = "partition-by-list"
    partitions: Annotated[dict[Key, Partition], Field(min_length=1)]
    survival: Literal["zone", "region"] = "zone"
    """The survival goal of the regional-by-row form; region costs a round trip between regions per write."""
    primary_region: Key | None = None
    """Where the database's own ranges live (regional-by-row); none: the first partition's."""
    super_regions: dict[Key, Annotated[tuple[Key, ...], Field(min_length=1)]] = Field(default_factory=dict)
    """Sets of regions that hold all replicas of their rows (regional-by-row); none: placement restricted."""
    pitr_days: Annotated[int, Field(ge=1, le=365)] = 30
    """How far back any point in time can be restored; the regions' buckets keep backups at least as long."""
    image: Image = Image()
    resolver_image: Image = Image(repository="registry.k8s.io/coredns/coredns", tag="v1.12.1")
    """CoreDNS, which answers for the nodes' names of its own cluster and asks the other clusters' for theirs."""
    cpu: Annotated[int, Field(ge=1, le=96)] = 7
    """vCPUs of a node's pod, request and limit; what its machine has beyond that is the system's and the agents'."""
    memory_gib: Annotated[int, Field(ge=2, le=768)] = 24
    """Memory of a node's pod, request and limit."""
    cache_mib: Annotated[int, Field(ge=128)] | None = None
    """None: a quarter of the pod's memory."""
    sql_memory_mib: Annotated[int, Field(ge=128)] | None = None
    """None: a quarter of the pod's memory."""
    storage_gib: Annotated[int, Field(ge=10, le=16384)] = 1024
    volume: Volume = Volume()
    encryption: Encryption = Encryption()
    certificates: Certificates = Certificates()
    logs: Logs = Logs()
    max_offset_ms: Annotated[int, Field(ge=100, le=500)] = 250
    access: Access = Access()
    sql_port: Literal[26257] = 26257
    http_port: Literal[8080] = 8080

    def memory_split(self, memory_mib: int | None = None) -> tuple[int, int]:
        """Return cache and SQL memory in MiB, absolute: a percentage may be of the host's memory in a container.

        `memory_mib` is another size than the pod's, for a process on a laptop; then the rule's own quarters hold.
        """
        if memory_mib is not None:
            return memory_mib // 4, memory_mib // 4
        quarter = self.memory_gib * GIB // 4
        return self.cache_mib or quarter, self.sql_memory_mib or quarter
