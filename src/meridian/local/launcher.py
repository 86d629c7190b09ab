"""The program behind `pulumi-resource-<cloud>`: asks the daemon for a provider instance and prints its port.

Runs with `python -S -E`: standard library only. The instance lives as long as this process's connection.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path


def main() -> None:
    """Serve `launcher.py ROOT PYTHON CLOUD VERSION [engine address]`."""
    root, python, cloud, version = sys.argv[1:5]
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from meridian.local import rendezvous

    try:
        link = rendezvous.ensure(Path(root), python)
        port = link.call(
            "provider",
            cloud=cloud,
            version=version,
            mode=os.environ.get("MERIDIAN_LOCAL_MODE", "real"),
            environment=os.environ.get("MERIDIAN_ENVIRONMENT", "local"),
        )
    except (rendezvous.DaemonError, OSError) as error:
        print(f"embedded {cloud}: {error}", file=sys.stderr)
        os._exit(1)
    print(port, flush=True)
    link.wait()
    os._exit(0)


if __name__ == "__main__":
    main()
