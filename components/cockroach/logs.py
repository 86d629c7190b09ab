"""What a node logs and where: audit to files that block when full, a redacted stream to the agents."""

from __future__ import annotations

import json

from meridian.model.database import Logs

_DIAGNOSIS = ["OPS", "HEALTH", "STORAGE", "SQL_EXEC", "SQL_PERF", "DEV"]


def log_config(logs: Logs, folder: str) -> str:
    """Return the file of `--log-config-file` (JSON, hence YAML).

    `auditable` makes the node stop rather than run unlogged, so the audit group lies on the node's own encrypted volume;
    what leaves the node is redacted there: values of statements are personal data (CockroachDB v26.2, "Configure logs").
    """
    audit = list(logs.audit_channels)
    size = f"{logs.max_group_mib}MiB"
    document = {
        "file-defaults": {"dir": folder, "max-group-size": size, "redactable": True},
        "sinks": {
            "file-groups": {
                "default": {"channels": {"INFO": _DIAGNOSIS}},
                "security": {"channels": {"INFO": audit}, "auditable": True},
            },
            "stderr": {
                "channels": {"INFO": ["OPS", "HEALTH", *audit], "WARNING": ["STORAGE", "SQL_EXEC", "DEV"]},
                "format": "json",
                "redact": True,
                "redactable": True,
            },
        },
    }
    return json.dumps(document, indent=2)
