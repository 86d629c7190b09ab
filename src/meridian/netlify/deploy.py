"""`meridian:netlify:Deploy`: what a site shows, file by file; published as a whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from pydantic import Field

from meridian.netlify.api import LostReplyError, Netlify
from meridian.netlify.connection import Connection
from meridian.netlify.content import CONTROL, digest, load, merged, sha1
from meridian.paths import find_checkout
from meridian.provider.errors import ProviderError
from meridian.provider.handler import Diff, Failure, Found, Handler, Inputs, Made, Outputs, Plan

TOKEN = "meridian:netlify:Deploy"  # noqa: S105 - a type token
OURS = "meridian "
"""What the titles of our deploys begin with; the digest of the files follows, by which each is found again."""
_READY_SECONDS = 300.0
_POLLS = (0.1, 0.2, 0.5, 1.0, 2.0)
_CREATIONS = 3


class DeployInputs(Inputs):
    """A site's files: those of a folder by their digests, and rendered texts."""

    site_id: str = Field(min_length=1)
    folder: str = Field(pattern=r"^[^/].*")
    """Relative to the checkout, so that no machine's path is in the state."""
    files: dict[str, str] = Field(min_length=1)
    """Path, such as /index.html, and SHA-1."""
    contents: dict[str, str] = Field(default_factory=dict)
    """Path and text of what is rendered: `_headers`, `_redirects`, the page's settings."""
    connection: Connection = Connection()

    def all(self) -> dict[str, str]:
        """Return path and SHA-1 of everything."""
        return merged(self.files, self.contents)


class Deploys(Handler[DeployInputs]):
    """Sends only what Netlify lacks; goes on where an upload broke off; what was deployed before is restored, not sent."""

    token: ClassVar[str] = TOKEN
    inputs = DeployInputs
    fixed: ClassVar[frozenset[str]] = frozenset({"siteId"})
    plans_from: ClassVar[frozenset[str]] = frozenset({"folder", "files", "contents"})
    unknown_outputs: ClassVar[frozenset[str]] = frozenset({"deployId", "url", "sent"})

    def __init__(
        self, open: Callable[[Connection], Netlify] = Netlify, root: Callable[[], Path] | None = None
    ) -> None:
        self._open = open
        self._root = root or (lambda: find_checkout().root)

    def check(self, news: DeployInputs) -> list[Failure]:
        """Refuse paths that leave the folder, digests of another kind, and a file that is given twice."""
        found = []
        for path, value in news.files.items():
            if not path.startswith("/") or ".." in path.split("/"):
                found.append(Failure("files", f"{path} is no path of a site; fix: begin with a slash"))
            if len(value) != 40 or set(value) - set("0123456789abcdef"):
                found.append(
                    Failure("files", f"{path}: {value} is no SHA-1; fix: give 40 hexadecimal digits")
                )
        found += [
            Failure("contents", f"{path} is a file of {news.folder} too; fix: remove one of the two")
            for path in sorted(set(news.contents) & set(news.files))
        ]
        return found

    def diff(self, old: DeployInputs, new: DeployInputs, outputs: Outputs) -> Diff:
        """Differ file by file; a folder of another name with the same files is the same deploy."""
        found = super().diff(old, new, outputs)
        kept = {path: kind for path, kind in found.changed.items() if path != "folder"}
        # A deploy lies in its site: another site's is another deploy, and neither is in the other's way.
        return Diff(kept, found.replaces, delete_before_replace=False)

    def plan(self, old: DeployInputs | None, new: DeployInputs, outputs: Outputs) -> Plan:
        """Name the files that are new, changed or gone; asks nobody."""
        after, before = new.all(), old.all() if old else {}
        lines = [
            f"{'add' if path not in before else 'change'} {path}"
            for path in sorted(after)
            if before.get(path) != after[path]
        ]
        lines += [f"remove {path}" for path in sorted(set(before) - set(after))]
        return Plan({"digest": digest(after)}, lines)

    def create(self, new: DeployInputs) -> Made:
        """Publish the files; the id is the site's, for the deploys change."""
        outputs = self._publish(new)
        return Made(new.site_id, outputs)

    def read(self, id: str, inputs: DeployInputs | None, outputs: Outputs) -> Found[DeployInputs] | None:
        """Return what the site shows now, which somebody may have published by hand; an import is not possible."""
        if inputs is None:
            raise ProviderError(id, "a deploy is not imported", "import its site; `up` publishes the files")
        with self._open(inputs.connection) as netlify:
            site = netlify.get(f"/sites/{inputs.site_id}")
            published = (site or {}).get("published_deploy")
            if not published:
                return None
            live = {
                each["path"]: each["sha"]
                for each in netlify.all(f"/sites/{inputs.site_id}/files")
                if each.get("sha")
            }
        found = inputs if published["id"] == outputs.get("deployId") and not live else _shown(inputs, live)
        return Found(id, {**outputs, **_outputs(published, digest(found.all()))}, found)

    def update(self, id: str, old: DeployInputs, new: DeployInputs, outputs: Outputs) -> Outputs:
        """Publish the files as they are now."""
        return self._publish(new)

    def delete(self, id: str, inputs: DeployInputs, outputs: Outputs) -> None:
        """Nothing: a site without what it shows is no site; the deploys go with it."""

    def _publish(self, new: DeployInputs) -> dict[str, Any]:
        files, site = new.all(), new.site_id
        title = OURS + digest(files)
        with self._open(new.connection) as netlify:
            deploy = _begun(netlify, site, title) or _begin(netlify, site, title, files)
            wanted = set(deploy.get("required") or ()) if deploy["state"] != "ready" else set()
            sent = []
            for path, sha in sorted(files.items()):
                if sha in wanted:
                    wanted.discard(sha)  # two files of one content are sent once
                    content = (
                        new.contents[path].encode()
                        if path in new.contents
                        else load(self._root() / new.folder, path, sha)
                    )
                    netlify.put(f"/deploys/{deploy['id']}/files{quote(path)}", content)
                    sent.append(path)
            deploy = _ready(netlify, deploy)
            site_now = netlify.get(f"/sites/{site}") or {}
            if (site_now.get("published_deploy") or {}).get("id") != deploy["id"]:
                deploy = netlify.repeatable_post(f"/sites/{site}/deploys/{deploy['id']}/restore") or deploy
        return {**_outputs(deploy, digest(files)), "sent": sent}


def _begun(netlify: Netlify, site: str, title: str) -> dict[str, Any] | None:
    """Return our deploy of the same files: one that is ready, else one whose upload broke off."""
    ours = [each for each in netlify.all(f"/sites/{site}/deploys") if each.get("title") == title]
    ready = [each for each in ours if each["state"] == "ready"]
    under_way = [each for each in ours if each["state"] not in ("ready", "error")]
    chosen = next(iter([*ready, *under_way]), None)
    return netlify.get(f"/deploys/{chosen['id']}") if chosen else None


def _begin(netlify: Netlify, site: str, title: str, files: Mapping[str, str]) -> dict[str, Any]:
    for _ in range(_CREATIONS):
        try:
            made: dict[str, Any] = netlify.post(
                f"/sites/{site}/deploys", {"files": dict(files)}, {"title": title}
            )
            return made
        except LostReplyError:
            found = _begun(netlify, site, title)
            if found is not None:
                return found
    raise ProviderError(f"deploy of {site}", f"no answer in {_CREATIONS} attempts", "run `up` again")


def _ready(netlify: Netlify, deploy: dict[str, Any]) -> dict[str, Any]:
    end, polls = netlify.now() + _READY_SECONDS, iter(_POLLS)
    while deploy["state"] != "ready":
        if deploy["state"] == "error":
            raise ProviderError(
                f"deploy {deploy['id']}",
                f"Netlify could not publish it: {deploy.get('error_message')}",
                "mend what it names and run `up` again; the site shows what it showed before",
            )
        if netlify.now() > end:
            raise ProviderError(
                f"deploy {deploy['id']}",
                f"is {deploy['state']} after {_READY_SECONDS:.0f} s",
                "run `up` again: it goes on where it is",
            )
        netlify.sleep(next(polls, _POLLS[-1]))
        deploy = netlify.get(f"/deploys/{deploy['id']}") or {**deploy, "state": "error"}
    return deploy


def _outputs(deploy: Mapping[str, Any], files: str) -> dict[str, Any]:
    return {
        "deployId": deploy["id"],
        "url": deploy.get("deploy_ssl_url") or deploy.get("deploy_url"),
        "digest": files,
    }


def _shown(inputs: DeployInputs, live: Mapping[str, str]) -> DeployInputs:
    """Return the inputs as the live files tell them; Netlify need not list the files that it only obeys."""
    contents = {
        path: text if live.get(path) == sha1(text.encode()) else f"(another text, SHA-1 {live[path]})"
        for path, text in inputs.contents.items()
        if path in live
    }
    contents |= {path: text for path, text in inputs.contents.items() if path in CONTROL and path not in live}
    files = {path: sha for path, sha in live.items() if path not in inputs.contents}
    return inputs.model_copy(update={"files": files, "contents": contents})
