"""Runs the small estate in a process of its own, so that a test can signal or kill it: `drive.py ROOT ENV OPERATION`."""

import json
import sys
from pathlib import Path

from meridian.orchestrator import commands
from meridian.orchestrator.commands import Estate
from meridian.orchestrator.workers import ProgramSpec
from meridian.paths import Checkout

GRAPH = {"base": (), "left": ("base",), "right": ("base",), "top": ("left", "right")}


def estate_of(root: Path) -> Estate:
    """The estate whose program lies in ROOT/program."""
    spec = ProgramSpec("fixture_program:run", (), (str(root / "program"),), ())
    return Estate(Checkout(root), GRAPH, spec, project="fixture", embedded_clouds=False, check=None)


if __name__ == "__main__":
    result = commands.run(estate_of(Path(sys.argv[1])), sys.argv[2], sys.argv[3])
    print(json.dumps(result.to_json()))
    sys.exit(result.exit_code)
