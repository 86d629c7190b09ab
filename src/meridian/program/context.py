"""What every unit's wiring is given."""

from __future__ import annotations

from dataclasses import dataclass

from meridian.model import Environment


@dataclass(frozen=True)
class Context:
    """One unit of one environment."""

    environment: Environment
    unit: str

    @property
    def prefix(self) -> str:
        """What names of the environment's own resources begin with."""
        return f"meridian-{self.environment.environment}"

    @property
    def protect(self) -> bool:
        """Stateful resources are protected everywhere but on the laptop, where `make down` must be able to destroy."""
        return self.environment.environment != "local"

    def log_location(self) -> tuple[str, str]:
        """Return where audit logs lie on both clouds: in the EU, for they name its residents, else in the first region."""
        regions = list(self.environment.regions.values())
        chosen = next((region for region in regions if region.residency == "eu"), regions[0])
        return chosen.gcp.region, chosen.aws.region
