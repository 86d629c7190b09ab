"""The approved plan is what is applied: a saved plan against what the program and the world would do now."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from meridian.orchestrator.errors import OrchestratorError
from meridian.plan import Plan, PlannedResource
from meridian.plan.kinds import holds_data
from meridian.wording import unreadable

_LONGEST = 20


def load_plan(path: Path, environment: str) -> Plan:
    """Return a saved plan of this environment; raises OrchestratorError or PlanFileError."""
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise OrchestratorError(
            f"--plan {path}",
            f"it cannot be read ({unreadable(error)})",
            "name the plan.json of `meridian preview ENV --report DIR`",
        ) from None
    plan = Plan.from_json(text, f"--plan {path}")
    if plan.environment != environment:
        raise OrchestratorError(
            f"--plan {path}",
            f"it is a plan of {plan.environment}, not of {environment}",
            f"`meridian preview {environment} --report DIR` makes one",
        )
    return plan


def hold_to(approved: Plan, now: Plan, names: Collection[str]) -> None:
    """Refuse when anything differs from the approved plan, or when a loss of data is not approved by its name."""
    if approved.digest() != now.digest():
        lines = list(differences(approved, now))
        shown = "\n".join(f"  {line}" for line in lines[:_LONGEST])
        more = f"\n  ... and {len(lines) - _LONGEST} more" if len(lines) > _LONGEST else ""
        raise OrchestratorError(
            f"plan {approved.digest()[:12]}",
            f"it is not what would be done now ({now.digest()[:12]}), and only what was approved is applied",
            f"look at a new preview and have it approved; what differs:\n{shown}{more}",
        )
    missing = [
        each
        for each in now
        if each.op in ("delete", "replace") and holds_data(each) and not {each.urn, each.name} & set(names)
    ]
    if missing:
        listed = ", ".join(f"{each.op} of {each.type} {each.name}" for each in missing)
        raise OrchestratorError(
            listed,
            "what holds data is lost only when its name is in the approval",
            "add " + " ".join(f"--approve {each.name}" for each in missing) + ", once you are sure",
        )


def differences(approved: Plan, now: Plan) -> Iterator[str]:
    """Say what differs: files, code, versions, then operations by resource."""
    if approved.providers != now.providers:
        yield f"providers: approved {approved.providers}, now {now.providers}"
    if approved.revision != now.revision:
        yield f"revision: approved {approved.revision[:12]}, now {now.revision[:12]}"
    for name in sorted({*approved.inputs, *now.inputs}):
        before, after = approved.inputs.get(name), now.inputs.get(name)
        if before != after:
            yield f"{name}: {'new' if before is None else 'gone' if after is None else 'changed'}"
    for urn in sorted({*approved.by_urn, *now.by_urn}):
        yield from _operation(approved.by_urn.get(urn), now.by_urn.get(urn))


def _operation(before: PlannedResource | None, after: PlannedResource | None) -> Iterator[str]:
    either = after or before
    assert either is not None
    was = before.op if before and before.changes else "nothing"
    is_now = after.op if after and after.changes else "nothing"
    if was != is_now:
        yield f"{either.unit}: {either.type} {either.name}: approved {was}, now {is_now}"
    elif before and after and was != "nothing":
        keys = [key for key in sorted({*before.inputs, *after.inputs}) if _differs(before, after, key)]
        if keys or before.changed != after.changed:
            yield f"{either.unit}: {either.type} {either.name}: {was} with other {', '.join(keys) or 'differences'}"


def _differs(before: PlannedResource, after: PlannedResource, key: str) -> bool:
    def text(value: Any) -> str:
        return json.dumps(value, sort_keys=True, default=list)

    return text(before.inputs.get(key)) != text(after.inputs.get(key))
