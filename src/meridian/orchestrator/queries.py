"""What the back end knows of an environment, read without running its program."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from typing import Any

from meridian.orchestrator.engine import engine_binary
from meridian.orchestrator.errors import OrchestratorError
from meridian.orchestrator.locks import read_holder
from meridian.orchestrator.session import Session, lock_name


def outputs(session: Session, units: Sequence[str], *, show_secrets: bool) -> dict[str, dict[str, Any]]:
    """Return the outputs of the units from state; secrets are masked unless asked for."""
    backend = session.file_backend
    found: dict[str, dict[str, Any]] = {}
    for unit in units:
        stack = session.stack(unit)
        if backend is not None and not show_secrets:
            found[unit] = backend.outputs(stack)
            continue
        if backend is not None and not backend.exists(stack):
            found[unit] = {}
            continue
        command = [str(engine_binary(session)), "stack", "output", "--json", "--stack", stack]
        done = subprocess.run(
            [*command, *(["--show-secrets"] if show_secrets else [])],
            cwd=session.checkout.root,
            env=session.environ(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise OrchestratorError(
                f"{stack}: {done.stderr.strip()}",
                "the state must be readable",
                "check back end and passphrase",
            )
        found[unit] = json.loads(done.stdout)
    return found


def status(session: Session, units: Sequence[str]) -> dict[str, Any]:
    """Return what the back end knows of every unit, without starting an engine; file back ends only."""
    backend = session.file_backend
    if backend is None:
        raise OrchestratorError(
            session.backend_url,
            "status reads a file back end only",
            "use `pulumi stack ls` with the settings of `meridian env`",
        )
    holder = read_holder(session.checkout, lock_name(session))
    rows = []
    for unit in units:
        stack = session.stack(unit)
        last = backend.last_update(stack)
        rows.append(
            {
                "unit": unit,
                "stack": stack,
                "exists": backend.exists(stack),
                "resources": len(backend.resources(stack)),
                "last": vars(last) if last else None,
                "pending": [vars(operation) for operation in backend.pending(stack)],
            }
        )
    return {
        "environment": session.environment,
        "held_by": holder.sentence() if holder else None,
        "units": rows,
    }
