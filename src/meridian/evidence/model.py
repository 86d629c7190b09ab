"""What evidence is made of: observations, and for each control what they say of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from meridian.compliance.controls import Control, Framework
from meridian.compliance.evaluate import Excepted, Finding, Report
from meridian.compliance.exceptions import Exemption
from meridian.compliance.registers import Registers
from meridian.plan import Plan

TITLES: dict[Framework, str] = {
    "soc2": "SOC 2: AICPA Trust Services Criteria 2017, points of focus of 2022",
    "hipaa": "HIPAA Security Rule, 45 CFR part 164 subpart C",
    "gdpr": "GDPR, Regulation (EU) 2016/679",
}
PROVIDERS = {
    "plan": "The plan was made against SIMULATED providers: no account was read, and nothing here says what exists in one.",
    "embedded": "The plan was made against this machine's embedded clouds: the Kubernetes control planes are real; "
    "clouds, networks and nodes are simulated.",
    "official": "The plan was made by the official providers against real accounts.",
}
STATEMENT = (
    "This package says what was checked, when and how, and what was not. It gives no opinion: whether a control is met "
    "is for the reader to judge, and a check without a finding says only that this check found nothing."
)

_DIGEST = re.compile(r"sha256:([0-9a-f]{12})[0-9a-f]*")


class Method(StrEnum):
    """How something was observed."""

    RULE = "rule"
    PROOF = "proof"
    LIVE = "live check"
    DRILL = "drill"


class Outcome(StrEnum):
    """What an observation came to."""

    FINDING = "finding"
    EXCEPTED = "findings under an exception only"
    NONE = "no finding"
    NOTHING = "nothing to judge"
    NOT_DONE = "not done"


class State(StrEnum):
    """What is said of a control."""

    FINDING = "finding"
    EXCEPTED = "checked, findings under an exception only"
    CHECKED = "checked, no finding"
    PART = "checked in part, no finding"
    """Something of the control has a gap, is answered by people or a provider, or could not be judged."""
    NOT_CHECKED = "not checked here"
    PEOPLE = "people"


@dataclass(frozen=True, kw_only=True)
class Observation:
    """One check with all that a reader needs to judge it."""

    method: Method
    name: str
    """The rule, check, proof or drill."""
    title: str
    subject: str
    outcome: Outcome
    did: str
    expected: str
    seen: str
    at: datetime
    source: str
    """What it rests on: a plan's digest, or the digest of a kept result."""
    note: str = ""
    """What lessens it, such as a change of the environment since."""
    controls: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """Return what names it among all observations."""
        return f"{self.method}/{self.name}/{self.subject}"

    @property
    def what(self) -> str:
        """Return what was done, on whatever: equal for the same check of two clusters in one run."""
        return "/".join((self.method, self.name, self.did, self.expected, self.source))

    @property
    def rests_on(self) -> str:
        """Return the source with its digest cut to what people compare."""
        return _DIGEST.sub(r"\1", self.source)


@dataclass(frozen=True, kw_only=True)
class ControlEvidence:
    """One control with what is known of it."""

    id: str
    control: Control
    state: State
    observations: tuple[Observation, ...]
    findings: tuple[Finding, ...]
    excepted: tuple[Excepted, ...]
    not_checked: tuple[str, ...]

    @property
    def exceptions(self) -> list[tuple[Exemption, int]]:
        """Return each exception that covers findings of this control, with how many."""
        counts = Counter((each.exception.rule, each.exception.resource) for each in self.excepted)
        known = {(e.exception.rule, e.exception.resource): e.exception for e in self.excepted}
        return [(known[key], count) for key, count in sorted(counts.items())]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One framework of one environment."""

    framework: Framework
    made: datetime
    plan: Plan
    report: Report
    registers: Registers
    controls: tuple[ControlEvidence, ...]
    observations: tuple[Observation, ...]
    """Those that a control of this framework names."""
    aside: tuple[Observation, ...]
    """Live checks that no control of this framework names."""
    journals: Mapping[str, str]
    """Head of each audit journal when the package was made."""
    missing: tuple[str, ...]
    """What was not done at all, for every control."""

    @property
    def environment(self) -> str:
        """Return the environment's name."""
        return self.plan.environment

    @property
    def title(self) -> str:
        """Return the framework's title."""
        return TITLES[self.framework]

    @property
    def made_against(self) -> str:
        """Return what the plan was made against, in a sentence."""
        return PROVIDERS[self.plan.providers]

    @property
    def counts(self) -> dict[State, int]:
        """Return the number of controls in each state."""
        return {state: sum(each.state is state for each in self.controls) for state in State}
