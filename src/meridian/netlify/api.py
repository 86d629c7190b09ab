"""Netlify's REST API (open-api.netlify.com, 2.57): bounded in time, patient with limits, never silent about a refusal."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from meridian.netlify.connection import Connection
from meridian.provider.errors import ProviderError
from meridian.provider.version import VERSION

_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_ATTEMPTS = 5
_FIRST_WAIT_SECONDS = 0.5
# The published limit is 500 requests a minute: a window is over within one.
_LONGEST_WAIT_SECONDS = 65.0
_PAGE, _MOST_PAGES = 100, 50
_FIXES = {
    401: "give a token that is valid (NETLIFY_AUTH_TOKEN)",
    403: "give a token whose owner may change this account's sites",
    422: "change the value that Netlify names",
}


class LostReplyError(Exception):
    """A change was sent and nobody knows whether it was made: look before it is sent again."""


class RefusedError(ProviderError):
    """Netlify's refusal with its status."""

    def __init__(self, status: int, value: str, said: str) -> None:
        super().__init__(
            value, f"Netlify answers {status}: {said}", _FIXES.get(status, "see docs/frontend.md, 'Refusals'")
        )
        self.status = status


class Netlify:
    """One connection; `sleep` and `now` are the clock, so that a test need not wait."""

    def __init__(
        self,
        connection: Connection,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._connection = connection
        self._token = connection.token()
        self.sleep, self.now = sleep, now
        self._client = httpx.Client(
            base_url=connection.endpoint,
            timeout=_TIMEOUT,
            headers={"Authorization": f"Bearer {self._token}", "User-Agent": f"meridian/{VERSION}"},
        )

    def __enter__(self) -> Netlify:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self._client.close()

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Any | None:
        """Return what is there, None for nothing; raises RefusedError and ProviderError."""
        try:
            return self._repeated("GET", path, params=params)
        except RefusedError as error:
            if error.status == 404:
                return None
            raise

    def all(self, path: str, params: Mapping[str, str] | None = None) -> list[Any]:
        """Return every entry of a list that comes in pages; an absent list is empty."""
        found: list[Any] = []
        for page in range(1, _MOST_PAGES + 1):
            part = self.get(path, {**(params or {}), "page": str(page), "per_page": str(_PAGE)}) or []
            found += part
            if len(part) < _PAGE:
                break
        return found

    def put(self, path: str, content: bytes) -> Any:
        """Upload bytes; safe to repeat."""
        headers = {"Content-Type": "application/octet-stream"}
        return self._repeated("PUT", path, content=content, headers=headers)

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """Change; safe to repeat."""
        return self._repeated("PATCH", path, json=body)

    def delete(self, path: str) -> None:
        """Delete; what is gone is no error."""
        try:
            self._repeated("DELETE", path)
        except RefusedError as error:
            if error.status != 404:
                raise

    def repeatable_post(self, path: str) -> Any:
        """Post what has the same effect twice."""
        return self._repeated("POST", path)

    def post(self, path: str, body: Mapping[str, Any], params: Mapping[str, str] | None = None) -> Any:
        """Make something new, sent once; raises LostReplyError when it may or may not have been made."""
        for attempt in range(_ATTEMPTS):
            try:
                answer = self._client.post(path, json=body, params=params)
            except httpx.ConnectError as error:
                self._wait_or_raise(attempt, path, error)
                continue
            except httpx.TransportError as error:
                raise LostReplyError(f"{path}: {type(error).__name__}") from error
            if answer.status_code == 429:
                self._wait_for_the_limit(attempt, path, answer)
                continue
            if answer.status_code >= 500:
                raise LostReplyError(f"{path}: Netlify answers {answer.status_code}")
            return self._result(path, answer)
        raise AssertionError("the last attempt returns or raises")

    def _repeated(self, method: str, path: str, **given: Any) -> Any:
        for attempt in range(_ATTEMPTS):
            try:
                answer = self._client.request(method, path, **given)
            except httpx.TransportError as error:
                self._wait_or_raise(attempt, path, error)
                continue
            if answer.status_code == 429:
                self._wait_for_the_limit(attempt, path, answer)
            elif answer.status_code >= 500 and attempt < _ATTEMPTS - 1:
                self.sleep(_FIRST_WAIT_SECONDS * 2**attempt)
            else:
                return self._result(path, answer)
        raise AssertionError("the last attempt returns or raises")

    def _wait_or_raise(self, attempt: int, path: str, error: Exception) -> None:
        if attempt == _ATTEMPTS - 1:
            raise ProviderError(
                f"{self._connection.endpoint}{path}",
                f"nobody answered in {_ATTEMPTS} attempts ({type(error).__name__})",
                "see whether this address is reached from here, and run `up` again",
            ) from error
        self.sleep(_FIRST_WAIT_SECONDS * 2**attempt)

    def _wait_for_the_limit(self, attempt: int, path: str, answer: httpx.Response) -> None:
        """Wait until the window of X-RateLimit-Reset (epoch seconds) or Retry-After ends; gives up after the last attempt."""
        wait = _FIRST_WAIT_SECONDS * 2**attempt
        try:
            if "Retry-After" in answer.headers:
                wait = float(answer.headers["Retry-After"])
            elif "X-RateLimit-Reset" in answer.headers:
                wait = float(answer.headers["X-RateLimit-Reset"]) - self.now()
        except ValueError:
            pass
        if attempt == _ATTEMPTS - 1 or wait > _LONGEST_WAIT_SECONDS:
            raise RefusedError(429, path, f"too many requests, {max(wait, 0):.0f} s until the window ends")
        self.sleep(max(wait, 0.0))

    def _result(self, path: str, answer: httpx.Response) -> Any:
        if answer.status_code < 400:
            return answer.json() if answer.content else None
        raise RefusedError(answer.status_code, path, self._said(answer))

    def _said(self, answer: httpx.Response) -> str:
        """Return Netlify's words: `{code, message}` or `{errors: {field: [reason]}}`."""
        try:
            body = answer.json()
        except ValueError:
            body = None
        if isinstance(body, dict) and isinstance(body.get("errors"), dict):
            said = "; ".join(f"{name} {', '.join(map(str, why))}" for name, why in body["errors"].items())
        elif isinstance(body, dict) and body.get("message"):
            said = str(body["message"])
        else:
            said = json.dumps(body) if body is not None else answer.reason_phrase
        return said[:500].replace(self._token, "[secret]")
