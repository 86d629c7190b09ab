"""One sticky comment per environment on a pull request: found by its mark, edited in place, never posted twice.

GitHub REST API 2022-11-28, "Issue comments" and "Rate limits". Posts only what it is given: it reads no secret.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

LIMIT = 65_536
_PAGE = 100
_TRIES = 5
_LONGEST_WAIT = 120.0
_RETRIED = frozenset({500, 502, 503, 504})
_NAME = re.compile(r"[\w.-]+/[\w.-]+")


class CommentError(RuntimeError):
    """Raised with the value, the rule and the fix."""

    def __init__(self, value: str, rule: str, fix: str) -> None:
        super().__init__(f"{value}: {rule}; fix: {fix}")


@dataclass(frozen=True)
class Posted:
    """What became of the comment."""

    url: str
    action: str
    """created, edited or unchanged."""


class Comments:
    """The comments of one pull request."""

    def __init__(
        self,
        repository: str,
        number: int,
        token: str,
        *,
        api: str = "https://api.github.com",
        sleep: Callable[[float], None] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        if not _NAME.fullmatch(repository):
            raise CommentError(
                f"--repository {repository!r}",
                "a repository is written owner/name",
                "pass --repository owner/name",
            )
        if number < 1:
            raise CommentError(
                str(number), "a pull request has a number from 1", "pass --number of the pull request"
            )
        if not token:
            raise CommentError(
                "GITHUB_TOKEN", "is empty", "give the job `pull-requests: write` and pass its token"
            )
        self._base = f"/repos/{repository}"
        self._number = number
        self._sleep = sleep
        self._client = httpx.Client(
            base_url=api,
            timeout=30,
            transport=transport,
            headers={
                "Authorization": f"Bearer {token}",
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": "2022-11-28",
            },
        )

    def stick(self, body: str) -> Posted:
        """Create or edit the comment whose first line is the body's; later duplicates of it are deleted.

        A comment that vanished meanwhile is made again; of two jobs that post at once the later body stays.
        """
        mark = body.partition("\n")[0]
        if not mark.startswith("<!-- ") or not mark.endswith(" -->"):
            raise CommentError(
                mark[:60],
                "the first line is the mark by which the comment is found",
                "begin with <!-- ... -->",
            )
        if len(body) > LIMIT:
            raise CommentError(f"{len(body)} characters", f"a comment holds {LIMIT}", "render it shorter")
        for _ in range(_TRIES):
            mine = [
                each for each in self._all() if str(each.get("body", "")).partition("\n")[0].strip() == mark
            ]
            if not mine:
                made = self._call("POST", f"{self._base}/issues/{self._number}/comments", body=body)
                self._only(mark)
                return Posted(str(made["html_url"]), "created")
            first, *others = mine
            for each in others:
                self._call("DELETE", f"{self._base}/issues/comments/{each['id']}", missing=True)
            if first["body"] == body:
                return Posted(str(first["html_url"]), "unchanged")
            edited = self._call(
                "PATCH", f"{self._base}/issues/comments/{first['id']}", body=body, missing=True
            )
            if edited is not None:
                return Posted(str(edited["html_url"]), "edited")
        raise CommentError(mark, "the comment vanished at every try", "look who deletes it, then run again")

    def _only(self, mark: str) -> None:
        """Two jobs may have created theirs at once: the oldest stays, as the next run would choose it."""
        mine = [each for each in self._all() if str(each.get("body", "")).partition("\n")[0].strip() == mark]
        for each in mine[1:]:
            self._call("DELETE", f"{self._base}/issues/comments/{each['id']}", missing=True)

    def _all(self) -> Iterator[dict[str, Any]]:
        url: str | None = f"{self._base}/issues/{self._number}/comments?per_page={_PAGE}"
        while url:
            response = self._send("GET", url)
            yield from response.json()
            url = response.links.get("next", {}).get("url")

    def _call(self, method: str, url: str, *, body: str | None = None, missing: bool = False) -> Any:
        response = self._send(method, url, body, missing=missing)
        return None if response.status_code in (204, 404) else response.json()

    def _send(
        self, method: str, url: str, body: str | None = None, *, missing: bool = False
    ) -> httpx.Response:
        for attempt in range(_TRIES):
            try:
                response = self._client.request(
                    method, url, json={"body": body} if body is not None else None
                )
            except httpx.TransportError as error:
                # A POST whose reply was lost may have been done: looking again finds it, posting again would double it.
                if method == "POST" or attempt == _TRIES - 1:
                    raise CommentError(
                        f"{method} {url}", f"the API cannot be reached ({error})", "run it again"
                    ) from None
                self._sleep(2.0**attempt)
                continue
            wait = _wait(response, attempt)
            if wait is None or attempt == _TRIES - 1:
                break
            self._sleep(min(wait, _LONGEST_WAIT))
        if response.status_code == 404 and missing:
            return response
        if response.is_error:
            raise CommentError(
                f"{method} {response.url.path}: {response.status_code}", _said(response), _fix(response)
            )
        return response


def _wait(response: httpx.Response, attempt: int) -> float | None:
    """Return how long to wait before the next try, None when there is nothing to wait for."""
    if response.status_code in (403, 429):
        if "retry-after" in response.headers:
            return float(response.headers["retry-after"])
        if response.headers.get("x-ratelimit-remaining") == "0":
            return max(float(response.headers.get("x-ratelimit-reset", 0)) - time.time(), 1.0)
        return 2.0**attempt if response.status_code == 429 else None
    # A 5xx to a POST may have been done: only what can be repeated is repeated.
    repeatable = response.request.method != "POST"
    return 2.0**attempt if response.status_code in _RETRIED and repeatable else None


def _said(response: httpx.Response) -> str:
    try:
        return str(response.json()["message"])
    except (ValueError, KeyError, TypeError):
        return response.reason_phrase or "an error without words"


def _fix(response: httpx.Response) -> str:
    return {
        401: "the token is wrong or has expired: pass the job's own",
        403: "the job needs `permissions: pull-requests: write`; of forks nothing is posted",
        404: "check owner/name and number; the token must see the repository",
        422: "check the body",
        429: "wait, then run it again",
    }.get(response.status_code, "run it again")
