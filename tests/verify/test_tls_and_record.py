"""Handshakes against a server of this process, and what is kept of a verification."""

from __future__ import annotations

import hashlib
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from meridian.audit.actions import EVIDENCE, journal
from meridian.local.authority import Authority
from meridian.paths import Checkout
from meridian.verify import tls
from meridian.verify.record import keep
from meridian.verify.result import Outcome, judged, not_applicable


@contextmanager
def _server(folder: Path, minimum: ssl.TLSVersion, maximum: ssl.TLSVersion) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version, context.maximum_version = minimum, maximum
    context.load_cert_chain(*Authority(folder).issue("server", ["127.0.0.1"]))
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = listening.accept()
            except OSError:
                return
            try:
                context.wrap_socket(plain, server_side=True).close()
            except OSError:
                plain.close()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.close()


def _outcome(
    folder: Path, minimum: ssl.TLSVersion, maximum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
) -> Outcome:
    with _server(folder, minimum, maximum) as port:
        return tls.check("server", "127.0.0.1", port, "1.3").outcome


def test_a_server_of_tls_1_3_only_passes(tmp_path: Path) -> None:
    assert _outcome(tmp_path, ssl.TLSVersion.TLSv1_3) is Outcome.PASSED


def test_a_server_that_takes_tls_1_2_fails(tmp_path: Path) -> None:
    assert _outcome(tmp_path, ssl.TLSVersion.TLSv1_2) is Outcome.FAILED


def test_a_server_that_knows_no_tls_1_3_fails(tmp_path: Path) -> None:
    assert _outcome(tmp_path, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2) is Outcome.FAILED


def test_results_are_kept_with_their_digest_in_a_journal_that_is_whole(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    found = [
        judged("tls-minimum", "one", "did", "expected", "seen", True),
        not_applicable("sign-on", "two", "why"),
    ]
    file = keep(checkout, "local", found)
    (entry,) = journal(checkout, EVIDENCE).entries()
    assert entry["content"]["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert entry["content"]["outcomes"] == {
        "passed": 1,
        "failed": 0,
        "not applicable": 1,
        "not checked": 0,
    }
    assert file.stat().st_mode & 0o077 == 0
    checks = json.loads(file.read_text())["checks"]
    assert [each["check"] for each in checks] == ["tls-minimum", "sign-on"]
    assert all(each["title"] and each["controls"] and each["at"] for each in checks)
    assert journal(checkout, EVIDENCE).problems() == []
