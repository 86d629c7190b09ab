"""What runs on every cluster of the estate: namespaces, flows, access, storage, identities and the portal."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from meridian.model.base import Email, ImageDigest, Key, Model
from meridian.model.datadog import Agent

PodSecurity = Literal["restricted", "baseline", "privileged"]

Namespaced = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,38}$")]

Place = Annotated[
    str,
    Field(
        pattern=r"^(@(internet|control-plane|cloud-identity)|[a-z][a-z0-9-]*(/[a-z][a-z0-9-]*)?)$",
        examples=["portal", "portal/portal", "@internet"],
    ),
]
"""A namespace, one app of it (`namespace/app`, by the label app.kubernetes.io/name), or a place outside the cluster.

`@internet` is every public address, `@control-plane` the cluster's API server, `@cloud-identity` the address at which
the cloud hands a workload its credentials.
"""


TaggedImage = Annotated[str, Field(pattern=r"^[a-z0-9.-]+(/[a-z0-9._-]+)+:[\w.-]+$")]


class Quota(Model):
    """What a namespace may ask for on one cluster, in total."""

    pods: Annotated[int, Field(ge=1, le=5000)]
    cpu: Annotated[int, Field(ge=1, le=5000)]
    """Sum of CPU requests, in cores."""
    memory_gib: Annotated[int, Field(ge=1, le=20000)]
    """Sum of memory requests; limits may be twice as much."""
    volumes: Annotated[int, Field(ge=0, le=500)] = 0
    storage_gib: Annotated[int, Field(ge=0, le=200_000)] = 0
    load_balancers: Annotated[int, Field(ge=0, le=10)] = 0


class Containers(Model):
    """What a container gets when it says nothing, and the most that one may ask for."""

    request_cpu_milli: Annotated[int, Field(ge=1)] = 50
    request_memory_mib: Annotated[int, Field(ge=1)] = 64
    limit_memory_mib: Annotated[int, Field(ge=1)] = 256
    max_cpu: Annotated[int, Field(ge=1, le=96)] = 4
    max_memory_gib: Annotated[int, Field(ge=1, le=768)] = 8


class Namespace(Model):
    """One namespace; its network is closed but for the flows that name it."""

    pod_security: PodSecurity = "restricted"
    """Enforced, audited and warned about by the API server (Kubernetes "Pod Security Standards")."""
    reason: Annotated[str, Field(min_length=20)] | None = None
    """Why a level below `restricted` is needed; required there, refused elsewhere."""
    quota: Quota
    containers: Containers = Containers()
    deployable: bool = False
    """Whether the deployers' role is bound here."""


class Flow(Model):
    """One wanted connection; every other one is refused on both ends."""

    source: Place
    target: Place
    ports: Annotated[tuple[Annotated[int, Field(ge=1, le=65535)], ...], Field(min_length=1)]
    protocol: Literal["TCP", "UDP"] = "TCP"
    why: Annotated[str, Field(min_length=10)]


class Role(Model):
    """A group of the identity provider that holds one of the four roles on every cluster."""

    group: Email


class BreakGlass(Role):
    """The emergency role: its group has no members until somebody is put in, and every use pages people."""

    pages: Annotated[tuple[Email, ...], Field(min_length=1)]


class SignOn(Model):
    """Whose tokens the clusters take, so that a group of the identity provider is a group on the cluster.

    EKS takes any OpenID provider (its IdentityProviderConfig); GKE takes Google's accounts and, under one umbrella
    group, Google's groups (Google Kubernetes Engine documentation, "Configure Google Groups for RBAC").
    """

    issuer: Annotated[str, Field(pattern=r"^https://[a-z0-9.-]+(:\d+)?(/[\w./-]*)?$")]
    client_id: Annotated[str, Field(min_length=1, max_length=255)]
    username_claim: str = "email"
    groups_claim: str = "groups"
    google_group: Annotated[str, Field(pattern=r"^gke-security-groups@[a-z0-9.-]+$")]
    """The umbrella group; its name is fixed by GKE, and the roles' groups are members of it."""


class Access(Model):
    """Who may do what on the clusters; what each role allows is told by components/kubernetes/rbac.py."""

    viewer: Role
    deployer: Role
    operator: Role
    break_glass: BreakGlass
    sign_on: SignOn | None = None
    """None: nobody signs on with a token of the identity provider, and the groups above have no effect."""

    def roles(self) -> dict[str, Role]:
        """Return every role by its name on the cluster."""
        return {
            "viewer": self.viewer,
            "deployer": self.deployer,
            "operator": self.operator,
            "break-glass": self.break_glass,
        }


class StorageClass(Model):
    """SSD volumes in the pod's zone, encrypted with a key of the region."""

    key: Literal["disks", "database"]
    """Purpose of the region's key; volumes of the database's key are as fast as `database.volume` says."""
    default: bool = False
    retain: bool = False
    """Keep the volume when its claim is deleted."""


class PriorityClass(Model):
    """Who is evicted for whom."""

    value: Annotated[int, Field(ge=-1_000_000, le=1_000_000_000)]
    preempts: bool = True
    why: Annotated[str, Field(min_length=10)]


class Identity(Model):
    """A service account that acts in both clouds without a stored key."""

    namespace: Namespaced
    service_account: Namespaced
    access: Literal["backups", "secrets", "field-encryption", "node-groups"]
    """backups: write and read every region's backups, from every cluster; secrets: read this environment's secrets of the region;
    field-encryption: encrypt and decrypt with the region's database key; node-groups: grow and shrink the cluster, on
    EKS only, for GKE does that itself."""


class Portal(Model):
    """The service that visitors reach, on every cluster."""

    image: Annotated[str, Field(pattern=r"^[a-z0-9.-]+(/[a-z0-9._-]+)+(:[\w.-]+|@sha256:[0-9a-f]{64})$")]
    min_replicas: Annotated[int, Field(ge=2, le=500)] = 3
    max_replicas: Annotated[int, Field(ge=2, le=2000)] = 30
    cpu_milli: Annotated[int, Field(ge=50, le=16000)] = 500
    memory_mib: Annotated[int, Field(ge=64, le=65536)] = 512
    target_cpu_percent: Annotated[int, Field(ge=20, le=90)] = 60
    port: Annotated[int, Field(ge=1024, le=65535)] = 8080


class Certificates(Model):
    """Who signs the certificates that visitors' traffic meets at the clusters."""

    acme_server: Annotated[str, Field(pattern=r"^https://")] = (
        "https://acme-v02.api.letsencrypt.org/directory"
    )
    contact: Email


class Platform(Model):
    """The platform of every cluster, the same on both clouds."""

    namespaces: Annotated[dict[Namespaced, Namespace], Field(min_length=1)]
    flows: Annotated[dict[Namespaced, Flow], Field(min_length=1)]
    access: Access
    storage_classes: Annotated[dict[Namespaced, StorageClass], Field(min_length=1)]
    priority_classes: Annotated[dict[Namespaced, PriorityClass], Field(min_length=1)]
    identities: dict[Key, Identity] = Field(default_factory=dict)
    certificates: Certificates
    portal: Portal
    datadog: Agent
    image_digests: dict[TaggedImage, ImageDigest] = Field(default_factory=dict)
    """What the operators' tags meant when somebody checked them (docs/platform.md, "Images")."""
    operators: bool = True
    """False where no container runs: then only the definitions of the platform's own objects are installed, for an
    operator's pods would be names only, and its webhooks would refuse everything because nothing answers."""
