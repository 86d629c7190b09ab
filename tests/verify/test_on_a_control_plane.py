"""Each check on a real API server as the estate wants it, and on one that is not: there it must fail."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from meridian.local.issuer import Signer
from meridian.verify import encryption, sign_on, tls
from meridian.verify.result import Outcome

ISSUER = "https://login.meridian-local.example"
pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]


def _encryption(running: Any) -> Any:
    return encryption.check(
        running.spec.name,
        running.endpoint.kubeconfig,
        lambda prefix: running.planes.stored(running.spec.id, prefix),
    )


def _tls(running: Any) -> Any:
    place = urlsplit(running.endpoint.url)
    return tls.check(running.spec.name, str(place.hostname), int(place.port or 0), "1.3")


def test_a_cluster_as_the_estate_wants_it_passes(control_plane: Any) -> None:
    for found in (_encryption(control_plane), _tls(control_plane)):
        assert found.outcome is Outcome.PASSED, found
    assert "k8s:enc:secretbox" in _encryption(control_plane).seen


def test_a_cluster_without_encryption_and_with_an_older_tls_is_found(control_plane: Any) -> None:
    control_plane.restarted(encryption_key=None, tls_minimum="1.2")
    try:
        stored = _encryption(control_plane)
        assert stored.outcome is Outcome.FAILED and "the value is readable" in stored.seen
        shaken = _tls(control_plane)
        assert shaken.outcome is Outcome.FAILED and "TLS 1.2: taken" in shaken.seen
    finally:
        control_plane.restarted()


def test_good_tokens_are_taken_and_wrong_ones_refused(control_plane: Any, tmp_path: Path) -> None:
    control_plane.restarted(oidc=control_plane.oidc)
    trust = {
        "issuer_url": ISSUER,
        "client_id": "kubernetes",
        "username_claim": "email",
        "groups_claim": "groups",
    }
    endpoint, signer, stranger = control_plane.endpoint, control_plane.issuer.signer, Signer(tmp_path)

    def found(audience: str = "kubernetes", foreign: Signer = stranger) -> Any:
        given = {**trust, "client_id": audience}
        return sign_on.check("one", endpoint.url, endpoint.ca_pem, given, signer.token, foreign.token, 0)

    deadline = time.monotonic() + 90
    # The server reads its file again, and asks the issuer for its keys every ten seconds until it has them.
    while found().outcome is not Outcome.PASSED and time.monotonic() < deadline:
        time.sleep(1)
    assert found().outcome is Outcome.PASSED, found()
    assert found(audience="another").outcome is Outcome.FAILED
    mistaken = found(foreign=signer)
    assert mistaken.outcome is Outcome.FAILED and "taken: another key" in mistaken.seen


def test_a_cluster_that_takes_no_tokens_is_told_with_its_reason() -> None:
    found = sign_on.check("gke", "https://127.0.0.1:1", "", {}, lambda _: "", lambda _: "")
    assert found.outcome is Outcome.NOT_APPLICABLE and "Google accounts" in found.seen


def test_an_endpoint_that_does_not_answer_does_not_pass() -> None:
    assert tls.check("nobody", "127.0.0.1", 1, "1.3").outcome is Outcome.FAILED
