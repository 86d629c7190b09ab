"""The sticky comment against a server that acts like the code host."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from meridian.github.comment import LIMIT, CommentError, Comments
from tests.github.fake_github import TOKEN, FakeGitHub, serving

MARK = "<!-- meridian-preview: prod -->"


@pytest.fixture
def host() -> Iterator[FakeGitHub]:
    with serving(FakeGitHub()) as fake:
        yield fake


def comments(host: FakeGitHub, waits: list[float] | None = None, token: str = TOKEN) -> Comments:
    return Comments("o/r", 7, token, api=host.url, sleep=(waits if waits is not None else []).append)


def test_the_first_preview_makes_a_comment_and_the_next_edits_it_in_place(host: FakeGitHub) -> None:
    host.add("a person's words")
    assert comments(host).stick(f"{MARK}\none").action == "created"
    assert comments(host).stick(f"{MARK}\ntwo").action == "edited"
    assert comments(host).stick(f"{MARK}\ntwo").action == "unchanged"
    assert host.bodies() == ["a person's words", f"{MARK}\ntwo"]


def test_each_environment_has_a_comment_of_its_own(host: FakeGitHub) -> None:
    comments(host).stick(f"{MARK}\none")
    comments(host).stick("<!-- meridian-preview: staging -->\nother")
    assert len(host.comments) == 2


def test_a_comment_that_quotes_the_mark_is_left_alone(host: FakeGitHub) -> None:
    host.add(f"look at {MARK}")
    host.add(f"> {MARK}\n> quoted")
    comments(host).stick(f"{MARK}\none")
    assert len(host.comments) == 3


def test_the_comment_is_found_on_a_later_page(host: FakeGitHub) -> None:
    for number in range(230):
        host.add(f"comment {number}")
    host.add(f"{MARK}\nold")
    assert comments(host).stick(f"{MARK}\nnew").action == "edited"
    assert host.bodies()[-1] == f"{MARK}\nnew"
    assert len(host.comments) == 231


def test_duplicates_of_two_jobs_are_reduced_to_one(host: FakeGitHub) -> None:
    host.add(f"{MARK}\nfirst")
    host.add(f"{MARK}\nsecond")
    comments(host).stick(f"{MARK}\nnow")
    assert host.bodies() == [f"{MARK}\nnow"]


def test_a_comment_that_somebody_deletes_meanwhile_is_made_again(host: FakeGitHub) -> None:
    host.add(f"{MARK}\nold")
    host.vanish = 1
    assert comments(host).stick(f"{MARK}\nnew").action == "created"
    assert host.bodies() == [f"{MARK}\nnew"]


@pytest.mark.parametrize(
    ("status", "headers", "least"),
    [
        (429, {"Retry-After": "7"}, 7.0),
        (403, {"Retry-After": "3"}, 3.0),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "0"}, 1.0),
        (502, {}, 1.0),
    ],
)
def test_a_limited_or_failing_host_is_asked_again_after_the_wait_that_it_names(
    host: FakeGitHub, status: int, headers: dict[str, str], least: float
) -> None:
    host.script = [(status, headers)]
    waits: list[float] = []
    assert comments(host, waits).stick(f"{MARK}\none").action == "created"
    assert waits == [least]


def test_a_post_whose_reply_is_lost_is_not_repeated_and_found_by_the_next_run(host: FakeGitHub) -> None:
    host.lost_replies = 1
    with pytest.raises(CommentError, match="cannot be reached"):
        comments(host).stick(f"{MARK}\none")
    assert comments(host).stick(f"{MARK}\ntwo").action == "edited"
    assert host.bodies() == [f"{MARK}\ntwo"]


@pytest.mark.parametrize(
    ("status", "said"),
    [(403, "pull-requests: write"), (404, "check owner/name"), (422, "check the body")],
)
def test_a_refusal_tells_its_fix(host: FakeGitHub, status: int, said: str) -> None:
    host.script = [(status, {})] * 5
    with pytest.raises(CommentError, match=said):
        comments(host).stick(f"{MARK}\none")


def test_a_wrong_token_is_told_and_never_shown(host: FakeGitHub) -> None:
    with pytest.raises(CommentError, match="wrong or has expired") as raised:
        comments(host, token="s3cret").stick(f"{MARK}\none")
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(
    ("repository", "number", "token", "said"),
    [
        ("r", 7, TOKEN, "owner/name"),
        ("o/r", 0, TOKEN, "from 1"),
        ("o/r", 7, "", "is empty"),
        ("../x/y", 7, TOKEN, "owner"),
    ],
)
def test_wrong_input_is_refused_before_anything_is_sent(
    host: FakeGitHub, repository: str, number: int, token: str, said: str
) -> None:
    with pytest.raises(CommentError, match=said):
        Comments(repository, number, token, api=host.url)
    assert host.requests == []


def test_a_body_without_a_mark_or_too_long_is_refused(host: FakeGitHub) -> None:
    with pytest.raises(CommentError, match="first line is the mark"):
        comments(host).stick("no mark")
    with pytest.raises(CommentError, match=f"holds {LIMIT}"):
        comments(host).stick(f"{MARK}\n{'x' * LIMIT}")
