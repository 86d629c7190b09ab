"""A tiny OpenID provider for the embedded clouds: what an estate's own one publishes, and tokens that it would sign.

It stands in for every issuer that a cluster is told to trust: discovery is served under the issuer's name, signatures
come from one key of the checkout. Nobody signs in to it: whoever reads the checkout's private files gets a token.
"""

from __future__ import annotations

import base64
import binascii
import json
import ssl
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

from joserfc import jwt
from joserfc.jwk import ECKey

from meridian.files import write_private
from meridian.local.authority import Authority
from meridian.local.ports import free_ports, is_free

_ALGORITHM = "ES256"


class Signer:
    """The provider's key, kept in a folder that only its owner reads; made on first use."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "key.json"

    def token(self, claims: Mapping[str, Any], header: Mapping[str, Any] | None = None) -> str:
        """Return a signed token."""
        key = self._key()
        given = {"alg": _ALGORITHM, "kid": key.thumbprint(), **(header or {})}
        return jwt.encode(given, dict(claims), key)

    def public(self) -> dict[str, Any]:
        """Return the key set that is published."""
        key = self._key()
        shown = {**key.as_dict(private=False), "kid": key.thumbprint(), "use": "sig", "alg": _ALGORITHM}
        return {"keys": [shown]}

    def _key(self) -> ECKey:
        if not self._file.exists():
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            made = ECKey.generate_key("P-256", private=True)
            write_private(self._file, json.dumps(made.as_dict(private=True)).encode())
        return ECKey.import_key(json.loads(self._file.read_text()))


class Issuer:
    """Serves discovery and keys over TLS by the checkout's authority on a loopback port that stays the same."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        self._folder, self._authority = folder, authority
        self.signer = Signer(folder)
        self._server: ThreadingHTTPServer | None = None
        self._lock = threading.Lock()

    @property
    def authority_pem(self) -> str:
        """The certificate by which an API server verifies this provider."""
        return self._authority.ensure().read_text()

    def discovery(self, issuer: str) -> str:
        """Return where an issuer's discovery document is served, starting the server when it does not run."""
        with self._lock:
            if self._server is None:
                self._server = self._start()
            port = self._server.server_address[1]
        named = base64.urlsafe_b64encode(issuer.encode()).decode()
        return f"https://127.0.0.1:{port}/{named}/.well-known/openid-configuration"

    def stop(self) -> None:
        """Stop serving."""
        with self._lock:
            if self._server is not None:
                self._server.shutdown()
                self._server.server_close()
                self._server = None

    def _start(self) -> ThreadingHTTPServer:
        certificate, key = self._authority.issue("issuer", ["127.0.0.1", "localhost"])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(certificate, key)
        server = ThreadingHTTPServer(("127.0.0.1", self._port()), _handler(self.signer))
        server.daemon_threads = True
        # The handshake belongs to a connection's own thread: a silent caller must not hold up the others.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True).start()
        return server

    def _port(self) -> int:
        kept = self._folder / "port"
        try:
            port = int(kept.read_text())
        except (OSError, ValueError):
            port = 0
        if not port or not is_free(port):
            (port,) = free_ports(1)
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(kept, str(port).encode())
        return port


def _handler(signer: Signer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            document = self._document()
            body = json.dumps(document if document is not None else {"error": "not found"}).encode()
            self.send_response(200 if document is not None else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _document(self) -> dict[str, Any] | None:
            if self.path == "/keys":
                return signer.public()
            named, _, rest = self.path.strip("/").partition("/")
            if rest != ".well-known/openid-configuration":
                return None
            try:
                issuer = base64.urlsafe_b64decode(named).decode()
            except (binascii.Error, ValueError):
                return None
            port = cast(ThreadingHTTPServer, self.server).server_address[1]
            return {
                "issuer": issuer,
                "jwks_uri": f"https://127.0.0.1:{port}/keys",
                "authorization_endpoint": f"{issuer}/authorize",
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [_ALGORITHM],
            }

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: the daemon's log is no access log."""

    return Handler
