"""Makes the stacks of an environment where they do not exist yet, and keeps those that others need."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor

from meridian.orchestrator.engine import engine_binary
from meridian.orchestrator.errors import OrchestratorError, UsageError
from meridian.orchestrator.providers_mode import Providers
from meridian.orchestrator.session import Session
from meridian.orchestrator.units import Graph, dependants


def ensure_stacks(session: Session, graph: Graph) -> None:
    """Make the missing ones; a plan starts from empty ones. Raises OrchestratorError."""
    stacks = [session.stack(unit) for unit in graph]
    backend = session.file_backend
    if backend is not None:
        if session.providers is Providers.PLAN:
            backend.clear(stacks)
        for stack in backend.ensure(stacks):
            session.forget_salt(stack)
            session.share_salt(stack)
        return
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda stack: _init_remote(session, stack), stacks))


def refuse_in_use(session: Session, whole: Graph, chosen: Graph) -> None:
    """Raise UsageError for a unit whose dependants would outlive it; what a remote back end holds is not looked at."""
    backend = session.file_backend
    if backend is None:
        return
    for unit in chosen:
        outside = dependants(whole, unit) - chosen.keys()
        users = [each for each in whole if each in outside and backend.resources(session.stack(each))]
        if users:
            raise UsageError(
                f"destroy --unit {unit}",
                f"{', '.join(users)} need it and hold resources",
                "name them too (" + " ".join(f"--unit {each}" for each in users) + "), or destroy all units",
            )


def _init_remote(session: Session, stack: str) -> None:
    done = subprocess.run(
        [str(engine_binary(session)), "stack", "init", stack, "--non-interactive", "--no-select"],
        cwd=session.checkout.root,
        env=session.environ(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and "already exists" not in done.stderr:
        raise OrchestratorError(
            f"{session.backend_url}: {done.stderr.strip()}",
            "the back end must hold the environment's stacks",
            "check the back end's URL and your sign-in to it (`pulumi login`)",
        )
