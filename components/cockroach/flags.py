"""How a node is started: the same flags for the pods and for processes on a laptop. Imports no Pulumi."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meridian.model.database import Database
from meridian.model.topology import Node

TLS_13_SUITES = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")
"""Nothing but TLS 1.3's suites: clients of 1.2 find none in common (`--tls-cipher-suites`, from v25.2)."""


@dataclass(frozen=True, kw_only=True)
class StoreKey:
    """Key files of encryption at rest; the flag always wants both parts."""

    key: str
    old_key: str = "plain"


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """What differs between a pod and a process: addresses, folders, and a laptop's memory."""

    listen: str
    """`host:port` or `:port`."""
    http: str
    advertise: str
    """The address that every other node reaches, with its port."""
    join: Sequence[str]
    store: str
    certificates: str
    log_config: str | None = None
    store_key: StoreKey | None = None
    memory_mib: int | None = None
    """None: the pod's memory."""


def start_flags(node: Node, database: Database, runtime: Runtime) -> list[str]:
    """Return the arguments of `cockroach` for one node; always secure, never a percentage of memory."""
    cache, sql_memory = database.memory_split(runtime.memory_mib)
    flags = [
        "start",
        f"--cluster-name={database.name}",
        f"--locality={node.locality}",
        f"--join={','.join(runtime.join)}",
        f"--listen-addr={runtime.listen}",
        f"--http-addr={runtime.http}",
        f"--advertise-addr={runtime.advertise}",
        f"--certs-dir={runtime.certificates}",
        f"--tls-cipher-suites={','.join(TLS_13_SUITES)}",
        f"--store=path={runtime.store}",
        f"--cache={cache}MiB",
        f"--max-sql-memory={sql_memory}MiB",
        f"--max-offset={database.max_offset_ms}ms",
        # nodelocal:// would write backups, hence residents' data, to the node's own disk.
        "--external-io-dir=disabled",
    ]
    if runtime.store_key:
        keys = f"key={runtime.store_key.key},old-key={runtime.store_key.old_key}"
        flags.append(f"--enterprise-encryption=path={runtime.store},{keys}")
    if runtime.log_config:
        flags.append(f"--log-config-file={runtime.log_config}")
    return flags
