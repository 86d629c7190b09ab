"""Where the seconds of a run go."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass
class Phases:
    """The times of a run's parts, in seconds, in their order."""

    began: float = field(default_factory=time.monotonic)
    took: dict[str, float] = field(default_factory=dict)

    def close(self, name: str) -> None:
        """Book the time since the last close under a name."""
        now = time.monotonic()
        self.took[name] = now - self.began
        self.began = now
