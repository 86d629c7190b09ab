"""The two small programs that an engine built from Go modules lacks beside it."""

from __future__ import annotations

import sys
from pathlib import Path

from meridian.files import write_whole
from meridian.paths import Checkout

NAMES = ("pulumi-language-python", "pulumi-analyzer-policy-python")

_TEXTS = {
    "pulumi-language-python": '#!/bin/sh\nexec "{python}" -u -m meridian.toolchain.language_host "$@"\n',
    "pulumi-analyzer-policy-python": '#!/bin/sh\nexec "{python}" -u -m pulumi.policy "$1" "$2"\n',
}


def write(checkout: Checkout) -> list[Path]:
    """Write both beside the checkout's engine; they run the interpreter of the checkout's environment."""
    python = checkout.root / ".venv" / "bin" / "python"
    chosen = python if python.exists() else Path(sys.executable)
    written = []
    checkout.bin.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        target = checkout.bin / name
        text = _TEXTS[name].format(python=chosen)
        if not target.is_file() or target.read_text() != text:
            write_whole(target, text, 0o755)
        written.append(target)
    return written


def remove(checkout: Checkout) -> None:
    """Remove both: an official engine brings its own."""
    for name in NAMES:
        (checkout.bin / name).unlink(missing_ok=True)
