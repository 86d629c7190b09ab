"""The salt that all stacks of a checkout share is one that the real engine takes."""

from pathlib import Path

import pytest

from meridian.orchestrator import commands, queries
from meridian.orchestrator.commands import Estate
from meridian.orchestrator.salt import shared_salt


def test_a_salt_is_kept_until_its_passphrase_changes(tmp_path: Path) -> None:
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("one")
    first = shared_salt(passphrase)
    assert shared_salt(passphrase) == first
    assert (tmp_path / "passphrase.salt").stat().st_mode & 0o077 == 0
    (tmp_path / "passphrase.salt").write_text("{")
    second = shared_salt(passphrase)
    assert second != first
    passphrase.write_text("two")
    assert shared_salt(passphrase) not in (first, second)


@pytest.mark.e2e
def test_the_engine_reads_and_writes_secrets_under_it(estate: Estate) -> None:
    commands.run(estate, "local", "up", plain=True)
    files = sorted(estate.checkout.stacks.glob("Pulumi.local-*.yaml"))
    assert len(files) == 4
    (salt,) = {file.read_text().strip() for file in files}
    assert salt == f"encryptionsalt: {shared_salt(estate.checkout.passphrase)}"
    session, _ = commands.session_for(estate, "local", "env", "auto")
    assert queries.outputs(session, ["top"], show_secrets=True)["top"]["password"] == "hunter2-top"
