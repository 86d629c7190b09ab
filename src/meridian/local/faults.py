"""Faults on demand: throttling, server errors, a lost reply after the change was made, latency, expired credentials."""

from __future__ import annotations

import fnmatch
import itertools
import threading
import time
from dataclasses import asdict, dataclass

from meridian.local.errors import CloudError, LocalError, UnknownNameError

KINDS = ("throttle", "error", "lost-reply", "latency", "expired-token")
OPERATIONS = ("create", "read", "update", "delete", "*")
# What each provider says when its credentials no longer hold; Cloudflare's API answers 403 with this code.
_EXPIRED = {
    "cloudflare": ("10000", "Authentication error"),
    "aws": ("ExpiredToken", "The security token included in the request is expired"),
    "gcp": ("401", "Request had invalid authentication credentials"),
}
_ATTEMPTS = 5
_FIRST_WAIT_SECONDS = 0.05


@dataclass
class Fault:
    """One fault: which types and operations it strikes, and how often yet."""

    kind: str
    types: str = "*"
    operation: str = "*"
    count: int = 1
    seconds: float = 0.0
    number: int = 0


class Faults:
    """The faults of one daemon; thread-safe; forgotten when the daemon ends."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)

    def add(self, fault: Fault) -> Fault:
        """Take a fault; raises LocalError for one that cannot be."""
        if fault.kind not in KINDS:
            raise UnknownNameError(fault.kind, "there is no such fault", f"choose one of {', '.join(KINDS)}")
        if fault.operation not in OPERATIONS:
            raise UnknownNameError(
                fault.operation, "there is no such operation", f"choose one of {', '.join(OPERATIONS)}"
            )
        if fault.count < 1:
            raise LocalError(f"count {fault.count}", "a fault strikes once or more", "give 1 or more")
        if not 0 <= fault.seconds <= 300:
            raise LocalError(
                f"seconds {fault.seconds:g}", "a latency lasts 0 to 300 seconds", "give such a time"
            )
        fault.number = next(self._numbers)
        with self._lock:
            self._faults.append(fault)
        return fault

    def list(self) -> list[dict[str, object]]:
        """Return the faults that still wait."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def clear(self) -> int:
        """Forget all; return how many."""
        with self._lock:
            count = len(self._faults)
            self._faults.clear()
            return count

    def before(self, token: str, operation: str) -> None:
        """Strike before the change: wait, or refuse; throttling is retried with growing waits as providers do."""
        latency = self._take(token, operation, "latency")
        if latency:
            time.sleep(latency.seconds)
        for attempt in range(_ATTEMPTS):
            if not self._take(token, operation, "throttle"):
                break
            if attempt == _ATTEMPTS - 1:
                raise CloudError("TooManyRequests", f"{operation} of {token} was throttled {_ATTEMPTS} times")
            time.sleep(_FIRST_WAIT_SECONDS * 2**attempt)
        if self._take(token, operation, "expired-token"):
            code, said = _EXPIRED.get(
                token.split(":")[0], ("Unauthenticated", "the credentials have expired")
            )
            raise CloudError(code, said)
        if self._take(token, operation, "error"):
            raise CloudError("InternalServerError", f"the cloud answered 500 to {operation} of {token}")

    def loses_reply(self, token: str, operation: str) -> bool:
        """True when the change is made but its reply never arrives."""
        return self._take(token, operation, "lost-reply") is not None

    def strikes(self, token: str, operation: str, kind: str) -> Fault | None:
        """Return the fault that strikes an operation now, for a cloud that answers over its own protocol."""
        return self._take(token, operation, kind)

    def _take(self, token: str, operation: str, kind: str) -> Fault | None:
        with self._lock:
            for fault in self._faults:
                if (
                    fault.kind == kind
                    and fault.operation in ("*", operation)
                    and fnmatch.fnmatch(token, fault.types)
                ):
                    fault.count -= 1
                    if fault.count <= 0:
                        self._faults.remove(fault)
                    return fault
        return None
