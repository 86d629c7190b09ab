"""What differs between the clouds and the state: read from a refresh that changes neither."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from meridian.model.base import Model
from meridian.model.one_file import read
from meridian.orchestrator.events import REFERENCE_TYPE, STACK_TYPE

_MASK = "[secret]"
_LONG = 80


class NoiseRule(Model):
    """A difference that means nothing: said once, with the reason, and for nothing else."""

    type: str
    """Type token; `*` stands for any part of it."""
    property: str
    """Path of the property; `*` stands for any part of it."""
    why: str

    def covers(self, kind: str, path: str) -> bool:
        """True for a difference of this kind."""
        return fnmatch.fnmatchcase(kind, self.type) and fnmatch.fnmatchcase(path, self.property)


class Noise(Model):
    """The rules of `stacks/drift.yaml`."""

    noise: tuple[NoiseRule, ...] = ()


@dataclass(frozen=True)
class Difference:
    """One property: what the state has, and what the cloud has."""

    path: str
    state: str
    cloud: str


@dataclass(frozen=True)
class Drift:
    """One resource that is not as the state says."""

    unit: str
    urn: str
    type: str
    name: str
    id: str
    gone: bool
    differences: tuple[Difference, ...]
    who: str
    """Where the cloud's own log says who did it."""
    put_back: str
    keep: str

    def to_json(self) -> dict[str, Any]:
        """Return plain data with stable keys."""
        return asdict(self)


def noise_rules(stacks: Path) -> Noise:
    """Return the rules; raises ModelErrors for a file that is wrong."""
    file = stacks / "drift.yaml"
    if not file.exists():
        return Noise()
    return read(file, "stacks/drift.yaml", Noise)


def read_drift(environment: str, unit: str, lines: Iterable[bytes], noise: Noise) -> tuple[list[Drift], int]:
    """Return what a refresh's event log tells, and how many differences the noise rules took away."""
    found, quiet = [], 0
    for line in lines:
        if b"resOutputsEvent" not in line:
            continue
        metadata = json.loads(line).get("resOutputsEvent", {}).get("metadata") or {}
        if metadata.get("op") not in ("update", "delete"):
            continue
        # Neither is in a cloud: a reference differs when the other stack has new outputs.
        if metadata.get("type") in (STACK_TYPE, REFERENCE_TYPE):
            continue
        gone = metadata["op"] == "delete"
        every = [] if gone else list(_differences(metadata))
        left = [
            each
            for each in every
            if not any(rule.covers(metadata["type"], each.path) for rule in noise.noise)
        ]
        quiet += len(every) - len(left)
        if gone or left:
            found.append(_drift(environment, unit, metadata, gone, tuple(left)))
    return found, quiet


def _drift(
    environment: str, unit: str, metadata: Mapping[str, Any], gone: bool, differences: tuple[Difference, ...]
) -> Drift:
    kind, name = str(metadata["type"]), str(metadata["urn"]).rsplit("::", 1)[-1]
    identifier = str((metadata.get("old") or {}).get("id") or "")
    keep = (
        f"take it out of the program, then `meridian refresh {environment} --unit {unit}`"
        if gone
        else f"write it into stacks/{environment}/ or the component, then `meridian refresh {environment} --unit {unit}`"
    )
    return Drift(
        unit,
        str(metadata["urn"]),
        kind,
        name,
        identifier,
        gone,
        differences,
        who(environment, kind, identifier),
        f"meridian refresh {environment} --unit {unit} && meridian up {environment} --unit {unit}",
        keep,
    )


def who(environment: str, kind: str, identifier: str) -> str:
    """Return the command that asks the cloud's audit log who changed a resource; empty where there is no log."""
    if environment == "local":
        return "the checkout's own `meridian local drift`, or a person with its kubeconfigs"
    if kind.startswith("aws:"):
        return f"aws cloudtrail lookup-events --lookup-attributes AttributeKey=ResourceName,AttributeValue={identifier}"
    if kind.startswith("gcp:"):
        return f"gcloud logging read 'protoPayload.resourceName:\"{identifier.rsplit('/', 1)[-1]}\"' --freshness=7d"
    if kind.startswith("kubernetes:"):
        name = identifier.rsplit("/", 1)[-1]
        return f"the cluster's audit log: objectRef.name={name} and verb in (update, patch, delete)"
    if kind.startswith("cloudflare:"):
        return "the account's audit log (Manage account, Audit log), by the resource's id"
    return ""


def _differences(metadata: Mapping[str, Any]) -> Iterable[Difference]:
    old, new = metadata.get("old") or {}, metadata.get("new") or {}
    for path in sorted(metadata.get("detailedDiff") or metadata.get("diffs") or ()):
        yield Difference(path, *(_shown(_at(state, path)) for state in (old, new)))


def _at(state: Mapping[str, Any], path: str) -> Any:
    """Return a value by the engine's path, from the outputs, else the inputs."""
    for part in ("outputs", "inputs"):
        node: Any = state.get(part) or {}
        for step in path.replace("[", ".").replace("]", "").replace('"', "").split("."):
            if isinstance(node, Mapping):
                node = node.get(step)
            elif isinstance(node, list) and step.isdigit() and int(step) < len(node):
                node = node[int(step)]
            else:
                node = None
                break
        if node is not None:
            return node
    return None


def _shown(value: Any) -> str:
    if isinstance(value, Mapping) and "4dabf18193072939515e22adb298388d" in value:
        return _MASK
    text = "nothing" if value is None else json.dumps(value, sort_keys=True)
    return text if len(text) <= _LONG else f"{text[: _LONG - 3]}..."
