"""Files that only their owner reads."""

from __future__ import annotations

import os
import threading
from pathlib import Path


def write_private(file: Path, content: bytes) -> None:
    """Write a file of mode 0600 in one step."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}.{threading.get_ident()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(content)
    fresh.replace(file)
