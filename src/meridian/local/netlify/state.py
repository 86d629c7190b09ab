"""What the simulated Netlify keeps: accounts, sites, deploys and file contents, all in one folder."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from meridian.files import write_private

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_SETTINGS = (
    "name",
    "custom_domain",
    "domain_aliases",
    "force_ssl",
    "build_settings",
    "processing_settings",
)


class RefusalError(Exception):
    """An answer of the API that is no success: status and body, in the real API's two shapes."""

    def __init__(self, status: int, message: str = "", errors: dict[str, list[str]] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"errors": errors} if errors else {"code": status, "message": message}


class State:
    """Thread-safe; every change is on disk before it is answered."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "state.json"
        self._blobs = folder / "blobs"
        self._lock = threading.RLock()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._blobs.mkdir(exist_ok=True, mode=0o700)
        self._data: dict[str, Any] = {"accounts": [], "sites": {}, "deploys": {}}
        if self._file.exists():
            self._data = json.loads(self._file.read_text())

    @property
    def empty(self) -> bool:
        """True when nothing of anybody is kept."""
        return not self._data["accounts"]

    def open_account(self, slug: str) -> None:
        """Make an account; one that is there stays."""
        with self._lock:
            if slug not in self._data["accounts"]:
                self._data["accounts"].append(slug)
                self._save()

    def close_account(self, slug: str) -> None:
        """Remove an account with its sites."""
        with self._lock:
            for site in self.sites(slug):
                self.remove_site(site["id"])
            self._data["accounts"] = [each for each in self._data["accounts"] if each != slug]
            self._save()

    def has_account(self, slug: str) -> bool:
        """True when the account is there."""
        return slug in self._data["accounts"]

    def sites(self, account: str | None = None) -> list[dict[str, Any]]:
        """Return all sites, or those of an account; raises RefusalError for an account that is not there."""
        with self._lock:
            if account is not None and not self.has_account(account):
                raise RefusalError(404, "Not Found")
            found = self._data["sites"].values()
            return [dict(each) for each in found if account in (None, each["account_slug"])]

    def site(self, id: str) -> dict[str, Any]:
        """Return a site; raises RefusalError."""
        with self._lock:
            return dict(self._site(id))

    def make_site(self, account: str, given: dict[str, Any]) -> dict[str, Any]:
        """Make a site; raises RefusalError for a name or domain that is taken or none at all."""
        with self._lock:
            self.sites(account)
            given = {"name": f"site-{secrets.token_hex(4)}", **given}
            self._judge(given, "")
            identifier = str(_uuid())
            site: dict[str, Any] = {
                "id": identifier,
                "site_id": identifier,
                "account_slug": account,
                "state": "current",
                "published_deploy": None,
                "created_at": _now(),
                "domain_aliases": [],
                "force_ssl": False,
            }
            self._data["sites"][identifier] = site
            return self._change(site, given)

    def change_site(self, id: str, given: dict[str, Any]) -> dict[str, Any]:
        """Change a site's settings; raises RefusalError."""
        with self._lock:
            site = self._site(id)
            self._judge(given, id)
            return self._change(site, given)

    def remove_site(self, id: str) -> None:
        """Delete a site, its deploys, and contents that nothing else has; raises RefusalError."""
        with self._lock:
            self._site(id)
            del self._data["sites"][id]
            gone = [key for key, each in self._data["deploys"].items() if each["site_id"] == id]
            for key in gone:
                del self._data["deploys"][key]
            used = {sha for each in self._data["deploys"].values() for sha in each["files"].values()}
            for blob in self._blobs.iterdir():
                if blob.name not in used:
                    blob.unlink(missing_ok=True)
            self._save()

    def deploys(self, site: str) -> list[dict[str, Any]]:
        """Return a site's deploys, the newest first; raises RefusalError."""
        with self._lock:
            self._site(site)
            found = [each for each in self._data["deploys"].values() if each["site_id"] == site]
            return [self._shown(each) for each in reversed(found)]

    def deploy(self, id: str) -> dict[str, Any]:
        """Return a deploy; one that is being processed becomes ready, and is what its site shows. Raises RefusalError."""
        with self._lock:
            found = self._deploy(id)
            shown = self._shown(found)
            if found["state"] == "processing":
                found["state"] = "ready"
                self._publish(found)
            return shown

    def make_deploy(self, site: str, files: dict[str, str], title: str) -> dict[str, Any]:
        """Begin a deploy; `required` of the answer are the contents that are not here yet. Raises RefusalError."""
        with self._lock:
            owner = self._site(site)
            wrong = [path for path, sha in files.items() if not re.fullmatch(r"[0-9a-f]{40}", str(sha))]
            if not files or wrong:
                raise RefusalError(422, f"Invalid files: {', '.join(wrong) or 'none given'}")
            identifier = secrets.token_hex(12)
            made = {
                "id": identifier,
                "site_id": site,
                "name": owner["name"],
                "title": title,
                "state": "uploading",
                "files": {"/" + path.lstrip("/"): sha for path, sha in files.items()},
                "created_at": _now(),
                "published_at": None,
                "error_message": None,
            }
            self._data["deploys"][identifier] = made
            self._advance(made)
            self._save()
            return self._shown(made)

    def upload(self, deploy: str, path: str, content: bytes) -> dict[str, Any]:
        """Take a file's content; raises RefusalError for a path or content that the deploy has not announced."""
        with self._lock:
            found = self._deploy(deploy)
            sha = hashlib.sha1(content, usedforsecurity=False).hexdigest()
            if found["files"].get(path) != sha:
                raise RefusalError(422, f"Unknown SHA {sha} for {path}")
            blob = self._blobs / sha
            if not blob.exists():
                write_private(blob, content)
            self._advance(found)
            self._save()
            return {"id": path, "path": path, "sha": sha, "size": len(content)}

    def restore(self, site: str, deploy: str) -> dict[str, Any]:
        """Show an earlier deploy again; raises RefusalError for one that never became ready."""
        with self._lock:
            self._site(site)
            found = self._deploy(deploy)
            if found["site_id"] != site:
                raise RefusalError(404, "Not Found")
            if found["state"] != "ready":
                raise RefusalError(422, f"Deploy is {found['state']}, not ready")
            self._publish(found)
            return self._shown(found)

    def files(self, site: str) -> list[dict[str, Any]]:
        """Return what a site shows, file by file; raises RefusalError."""
        with self._lock:
            published = self._site(site)["published_deploy"]
            if published is None:
                return []
            found = self._deploy(published["id"])["files"]
            return [{"id": path, "path": path, "sha": sha} for path, sha in sorted(found.items())]

    def shown_at(self, host: str) -> dict[str, bytes] | None:
        """Return the files of the site, or of the single deploy (`<id>--<name>`), that a host name shows."""
        label = host.split(".")[0]
        with self._lock:
            identifier, dashes, name = label.partition("--")
            if dashes:
                found = self._data["deploys"].get(identifier)
                ready = found is not None and found["state"] == "ready" and found["name"] == name
                return self._contents(found) if found is not None and ready else None
            for site in self._data["sites"].values():
                own = (site["custom_domain"], *site["domain_aliases"], f"{site['name']}.netlify.app")
                if host in own or host == f"{site['name']}.localhost":
                    published = site["published_deploy"]
                    return self._contents(self._deploy(published["id"])) if published else None
        return None

    # -- helpers ------------------------------------------------------------------------------------------------

    def _contents(self, deploy: dict[str, Any]) -> dict[str, bytes]:
        return {path: (self._blobs / sha).read_bytes() for path, sha in deploy["files"].items()}

    def _site(self, id: str) -> dict[str, Any]:
        if id not in self._data["sites"]:
            raise RefusalError(404, "Not Found")
        found: dict[str, Any] = self._data["sites"][id]
        return found

    def _deploy(self, id: str) -> dict[str, Any]:
        if id not in self._data["deploys"]:
            raise RefusalError(404, "Not Found")
        found: dict[str, Any] = self._data["deploys"][id]
        return found

    def _judge(self, given: dict[str, Any], own: str) -> None:
        others = [each for each in self._data["sites"].values() if each["id"] != own]
        errors: dict[str, list[str]] = {}
        unknown = sorted(set(given) - set(_SETTINGS))
        if unknown:
            raise RefusalError(422, f"Unknown settings here: {', '.join(unknown)}")
        name = given.get("name")
        if name is not None and not _NAME.fullmatch(str(name)):
            errors["name"] = ["is invalid"]
        elif any(name == each["name"] for each in others):
            errors["subdomain"] = ["must be unique"]
        taken = {domain for each in others for domain in (each["custom_domain"], *each["domain_aliases"])}
        for field in ("custom_domain", "domain_aliases"):
            value = given.get(field) or []
            for domain in [value] if isinstance(value, str) else value:
                if not _DOMAIN.fullmatch(domain) or domain.endswith(".netlify.app"):
                    errors[field] = ["is invalid"]
                elif domain in taken:
                    errors[field] = ["must be unique"]
        if errors:
            raise RefusalError(422, errors=errors)

    def _change(self, site: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        site.update({name: given[name] for name in _SETTINGS if name in given})
        site.setdefault("custom_domain", None)
        site["default_domain"] = f"{site['name']}.netlify.app"
        site["url"] = f"http://{site['custom_domain'] or site['default_domain']}"
        site["ssl_url"] = site["url"].replace("http:", "https:", 1)
        site["updated_at"] = _now()
        self._save()
        return dict(site)

    def _advance(self, deploy: dict[str, Any]) -> None:
        if deploy["state"] == "uploading" and not self._required(deploy):
            deploy["state"] = "processing"

    def _required(self, deploy: dict[str, Any]) -> list[str]:
        return sorted({sha for sha in deploy["files"].values() if not (self._blobs / sha).exists()})

    def _publish(self, deploy: dict[str, Any]) -> None:
        deploy["published_at"] = _now()
        site = self._site(deploy["site_id"])
        site["published_deploy"] = {
            key: deploy[key] for key in ("id", "site_id", "title", "state", "published_at")
        }
        self._save()

    def _shown(self, deploy: dict[str, Any]) -> dict[str, Any]:
        kept = {name: value for name, value in deploy.items() if name != "files"}
        url = f"https://{deploy['id']}--{deploy['name']}.netlify.app"
        return {**kept, "required": self._required(deploy), "deploy_url": url, "deploy_ssl_url": url}

    def _save(self) -> None:
        write_private(self._file, json.dumps(self._data).encode())


def _uuid() -> str:
    import uuid

    return str(uuid.uuid4())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
