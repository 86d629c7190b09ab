"""All rules with the data of this folder: what the command line, the orchestrator and the pack run."""

from __future__ import annotations

from pathlib import Path

from meridian.compliance.controls import load_controls
from meridian.compliance.evaluate import Policies
from meridian.compliance.exceptions import load_exceptions
from meridian.compliance.registers import load_registers
from policies.rules import RULES

FOLDER = Path(__file__).parent


def load(folder: Path = FOLDER) -> Policies:
    """Return the rules with controls, registers and exceptions of a folder; raises ModelErrors with all that is wrong."""
    return Policies(RULES, load_controls(folder), load_registers(folder), load_exceptions(folder))
