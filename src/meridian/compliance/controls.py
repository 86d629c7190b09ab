"""The register of controls: what each framework asks, who answers, which rules enforce it, what shows it, what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from meridian.compliance.files import read
from meridian.model.base import Model

Framework = Literal["soc2", "hipaa", "gdpr"]
Answers = Literal["code", "provider", "people"]
FRAMEWORKS: tuple[Framework, ...] = ("soc2", "hipaa", "gdpr")


class Control(Model):
    """One control in our own words."""

    framework: Framework
    title: str
    text: Annotated[str, Field(min_length=20)]
    source: str
    """Document, version and place."""
    answers: Annotated[tuple[Answers, ...], Field(min_length=1)]
    rules: tuple[str, ...] = ()
    proofs: tuple[str, ...] = ()
    """Proofs that speak of it, such as residency."""
    drills: tuple[str, ...] = ()
    """Drills that show it, such as failover."""
    evidence: tuple[str, ...] = ()
    """What shows it: a command, a file or a record."""
    gap: str = ""
    """What is not done or not shown, plainly."""

    @model_validator(mode="after")
    def _automatable_is_shown(self) -> Control:
        if "code" in self.answers and not (self.rules and self.evidence):
            raise ValueError("what code answers for needs rules and evidence")
        if "code" not in self.answers and not (self.evidence or self.gap):
            raise ValueError("what people or a provider answer for needs evidence or a gap that is named")
        return self


class Controls(Model):
    """`controls.yaml`."""

    controls: dict[str, Control]

    def of_rule(self, rule: str) -> tuple[str, ...]:
        """Return the ids of the controls that a rule enforces."""
        return tuple(key for key, control in self.controls.items() if rule in control.rules)

    def of(self, framework: str | None) -> Iterator[tuple[str, Control]]:
        """Yield the controls of a framework; of all for None."""
        yield from ((key, each) for key, each in self.controls.items() if framework in (None, each.framework))

    def faults(self, rules: Iterable[str]) -> list[str]:
        """Return where register and rules disagree: a rule without control, a control with a rule that is none."""
        known = set(rules)
        named = {rule for control in self.controls.values() for rule in control.rules}
        return [
            *(f"rule {rule}: no control names it" for rule in sorted(known - named)),
            *(
                f"control {key}: there is no rule {rule}"
                for key, control in self.controls.items()
                for rule in control.rules
                if rule not in known
            ),
        ]


def load_controls(folder: Path) -> Controls:
    """Return the register of the folder `policies/`; raises ModelErrors."""
    return read(folder / "controls.yaml", Controls)
