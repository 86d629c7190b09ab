"""The units that draw keys and passwords, brought up on the real engine: none lies in plain text in any file."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest
from estate_checkout import EstateCheckout
from secret_scan import needles, of_deployment, scan

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
UNITS = ("foundation", "data")
ALLOWED = (
    # The superuser of this machine's database, for its owner's tools: docs/data.md, "Where it runs".
    "local/database/password",
    "local/database/pgpass",
)


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


def secrets_of(checkout: EstateCheckout) -> dict[str, str]:
    settings = json.loads(checkout.run("env", "local", "--json"))
    found: dict[str, str] = {}
    for unit in UNITS:
        exported = subprocess.run(
            [
                checkout.root / ".meridian/bin/pulumi",
                "stack",
                "export",
                "--show-secrets",
                "-s",
                f"local-{unit}",
            ],
            cwd=checkout.root,
            env=settings,
            capture_output=True,
            text=True,
            check=True,
        )
        found |= of_deployment(json.loads(exported.stdout))
    return found


def test_no_secret_lies_in_plain_text_in_any_file_of_the_checkout(checkout: EstateCheckout) -> None:
    secrets = secrets_of(checkout)
    keys = [secret for secret in secrets if "PRIVATE KEY" in secret]
    assert len(keys) >= 10, "the authority's, the nodes' and the clients' keys"
    assert len(secrets) - len(keys) >= 8, "the roles' passwords and the superuser's"
    hits = scan(checkout.root / ".meridian", needles(secrets), ALLOWED)
    assert not hits, "\n".join(hits)


def test_the_scan_finds_a_secret_in_every_wrapping(checkout: EstateCheckout) -> None:
    import base64

    secrets = secrets_of(checkout)
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
