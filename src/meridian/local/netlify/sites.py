"""The simulated Netlify as the daemon keeps it: served from the first account on, until the last one is closed."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meridian.local.errors import LocalError
from meridian.local.faults import Faults

if TYPE_CHECKING:
    from meridian.local.netlify.server import Server

_LOG = logging.getLogger("meridian.local")


class NetlifySites:
    """One server, started on demand; safe to call from several threads."""

    def __init__(self, folder: Path, faults: Faults) -> None:
        self._folder = folder
        self._faults = faults
        self._server: Server | None = None
        self._lock = threading.RLock()

    def ensure(self, account: str) -> dict[str, Any]:
        """Return how to reach an account, making it and starting the server as needed; raises LocalError."""
        with self._lock:
            self._started().state.open_account(account)
            return self._address(account)

    def find(self, account: str) -> dict[str, Any] | None:
        """Return how to reach an account; None when there is none of this name."""
        with self._lock:
            if not (self._folder / "state.json").exists():
                return None
            return self._address(account) if self._started().state.has_account(account) else None

    def drop(self, account: str) -> None:
        """Close an account with its sites; the server stops with the last one."""
        with self._lock:
            if not (self._folder / "state.json").exists():
                return
            state = self._started().state
            if state.has_account(account):
                state.close_account(account)
            if state.empty:
                self.stop()

    def status(self) -> dict[str, Any]:
        """Return the address and the sites; starts nothing."""
        with self._lock:
            if self._server is None:
                return {"state": "stopped", "sites": []}
            port, state = self._server.port, self._server.state
            sites = [
                {
                    "name": site["name"],
                    "url": f"http://{site['name']}.localhost:{port}/",
                    "domain": site["custom_domain"],
                    "deploy": (site["published_deploy"] or {}).get("id"),
                    "published": (site["published_deploy"] or {}).get("published_at"),
                    "files": len(state.files(site["id"])),
                }
                for site in state.sites()
            ]
            return {"state": "running", "endpoint": self._server.endpoint, "sites": sites}

    def pages(self) -> tuple[str, ...]:
        """Return the sites' origins as a browser names them: here, under their own domains and Netlify's; starts nothing."""
        with self._lock:
            if self._server is None:
                return ()
            port, sites = self._server.port, self._server.state.sites()
        found = [f"http://{site['name']}.localhost:{port}" for site in sites]
        found += [f"https://{site['custom_domain']}" for site in sites if site.get("custom_domain")]
        return tuple(sorted(found + [f"https://{site['name']}.netlify.app" for site in sites]))

    def restore(self) -> None:
        """Serve again what was served when the last daemon ended."""
        with self._lock:
            if (self._folder / "state.json").exists():
                try:
                    if self._started().state.empty:
                        self.stop()
                except Exception:
                    _LOG.exception("restoring the simulated Netlify")

    def stop(self) -> None:
        """Stop serving; sites and deploys stay on disk."""
        with self._lock:
            if self._server is not None:
                self._server.stop()
                self._server = None

    def _started(self) -> Server:
        from meridian.local.netlify.server import Server

        if self._server is None:
            try:
                self._server = Server(self._folder, self._faults)
            except (OSError, ValueError) as error:
                raise LocalError(
                    str(self._folder), f"the simulated Netlify cannot serve: {error}", "run it again"
                ) from error
        return self._server

    def _address(self, account: str) -> dict[str, Any]:
        server = self._started()
        return {
            "account": account,
            "endpoint": server.endpoint,
            "token_file": str(server.token_file),
            "port": server.port,
        }
