"""The official client with limits on every request, and its refusals without the dynamic client's detour."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from kubernetes import client
from kubernetes.client.exceptions import ApiException

_T = TypeVar("_T")
# A dead server refuses at once; one that is only slow, on a busy laptop with six of them, deserves its minute.
_CONNECT_SECONDS, _READ_SECONDS = 5.0, 60.0


class _Refusal(Exception):  # noqa: N818  it never leaves this module
    """Carries an ApiException past the dynamic client.

    That one formats a traceback for every refusal, also for each 404 of an object that is looked for; until Python
    3.11.8 this parses source text in a way that no two threads may do at once (python/cpython issue 106905).
    """

    def __init__(self, error: ApiException) -> None:
        super().__init__(str(error.status))
        self.error = error


class Client(client.ApiClient):  # type: ignore[misc]
    """The official client; it has no limit by itself. Its requests are made inside `asked`."""

    def call_api(self, *arguments: Any, _request_timeout: Any = None, **named: Any) -> Any:
        """Send a request."""
        limit = _request_timeout or (_CONNECT_SECONDS, _READ_SECONDS)
        return super().call_api(*arguments, _request_timeout=limit, **named)

    def response_deserialize(self, *arguments: Any, **named: Any) -> Any:
        """Judge an answer."""
        try:
            return super().response_deserialize(*arguments, **named)
        except ApiException as error:
            raise _Refusal(error) from None


def asked(call: Callable[[], _T]) -> _T:
    """Make a call over `Client`; raises ApiException for what the API server refuses."""
    try:
        return call()
    except _Refusal as refusal:
        raise refusal.error from None
