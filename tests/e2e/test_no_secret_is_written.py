"""The units that draw keys and passwords, brought up on the real engine: none lies in plain text in any file."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from estate_checkout import EstateCheckout
from secret_scan import ALLOWED, needles, of_stacks, scan

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
UNITS = ("foundation", "data")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EstateCheckout]:
    made = EstateCheckout(tmp_path_factory.mktemp("secrets") / "a checkout")
    units = [argument for unit in UNITS for argument in ("--unit", unit)]
    try:
        made.run("up", "local", "--json", *units)
        made.run("preview", "local", "--json", *units)
        made.run("refresh", "local", "--json", *units)
        yield made
    finally:
        made.run("down")


def test_no_secret_lies_in_plain_text_in_any_file_of_the_checkout(checkout: EstateCheckout) -> None:
    secrets = of_stacks(checkout, UNITS)
    keys = [secret for secret in secrets if "PRIVATE KEY" in secret]
    assert len(keys) >= 10, "the authority's, the nodes' and the clients' keys"
    assert len(secrets) - len(keys) >= 8, "the roles' passwords and the superuser's"
    hits = scan(checkout.root / ".meridian", needles(secrets), ALLOWED)
    assert not hits, "\n".join(hits)


def test_the_scan_finds_a_secret_in_every_wrapping(checkout: EstateCheckout) -> None:
    import base64

    secrets = of_stacks(checkout, UNITS)
    key = next(secret for secret in secrets if "PRIVATE KEY" in secret)
    folder = checkout.root / ".meridian" / "logs"
    for number, text in enumerate((key, json.dumps({"key": key}), base64.b64encode(key.encode()).decode())):
        planted = folder / f"planted-{number}"
        planted.write_text(f"something before {text} and after")
        hits = scan(folder, needles(secrets), ())
        planted.unlink()
        assert [hit.split(":")[0] for hit in hits] == [planted.name]
        assert "PRIVATE KEY" not in hits[0]
    assert scan(folder, needles(secrets), ()) == []


def test_an_allowed_file_that_others_can_read_is_a_finding(checkout: EstateCheckout) -> None:
    root = checkout.root / ".meridian"
    password = root / "local" / "database" / "password"
    password.chmod(0o644)
    try:
        assert scan(root / "local" / "database", {}, ("password",)) == [
            "password: may hold a secret but others can read it"
        ]
    finally:
        password.chmod(0o600)
