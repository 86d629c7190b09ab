"""What people keep and no cloud knows: who processes data for us under which contract, and what is reviewed when."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from meridian.compliance.files import read
from meridian.model.base import Model

Agreement = Literal["signed", "to-sign", "not-needed"]


class Controller(Model):
    """Who decides what data is processed for (GDPR art. 4(7), 30(1)(a)); empty: nobody has said it yet."""

    name: str = ""
    contact: str = ""
    joint: str = ""
    """A joint controller with contact (art. 26)."""
    representative: str = ""
    """The representative in the EU of a controller outside of it (art. 27)."""
    protection_officer: str = ""
    """The data protection officer with contact (art. 37)."""


class Processor(Model):
    """One company whose service touches the estate (GDPR art. 28, HIPAA 164.308(b))."""

    name: str
    provides: str
    data: Literal["personal", "telemetry", "none"]
    """The most sensitive data that reaches it; telemetry names people by address only."""
    packages: tuple[str, ...] = ()
    """Provider packages of the plan that act on it, such as aws."""
    dpa: Agreement
    """Data processing agreement (GDPR art. 28(3))."""
    baa: Agreement
    """Business associate agreement (HIPAA 164.504(e))."""
    agreement: str
    """Where the contract is found, or what must be done to have one."""
    places: tuple[str, ...]
    """Jurisdictions in which it processes."""
    transfer: str = ""
    """What a transfer out of the EU rests on (GDPR art. 46), where there is one."""


class Review(Model):
    """Something that people do again and again."""

    title: str
    owner: str
    every_days: Annotated[int, Field(gt=0)]
    last: date | None = None
    """None: not yet done."""
    record: str = ""
    """Where the record of the last one is kept."""
    first_due: date
    """Until then a review that was never done is in date."""

    @property
    def due(self) -> date:
        """Return the day on which the next one must be done at the latest."""
        return self.last + timedelta(days=self.every_days) if self.last else self.first_due


class Processors(Model):
    """`processors.yaml`."""

    controller: Controller = Controller()
    processors: dict[str, Processor]
    tools: tuple[str, ...]
    """Provider packages that talk to no company: what they make stays with us."""


class Reviews(Model):
    """`reviews.yaml`."""

    reviews: dict[str, Review]


class Registers(Model):
    """All registers."""

    controller: Controller
    processors: dict[str, Processor]
    tools: tuple[str, ...]
    reviews: dict[str, Review]


def load_registers(folder: Path) -> Registers:
    """Return the registers of the folder `policies/`; raises ModelErrors."""
    who = read(folder / "processors.yaml", Processors)
    when = read(folder / "reviews.yaml", Reviews)
    return Registers(
        controller=who.controller, processors=who.processors, tools=who.tools, reviews=when.reviews
    )
