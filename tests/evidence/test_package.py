"""A package's manifest and signature: what was changed is named, and keys that are none are refused."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from assessed import PROD, ROOT, basis, evidence
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from meridian import cli
from meridian.audit.actions import EVIDENCE, journal
from meridian.cli import evidence_command
from meridian.evidence import package
from meridian.evidence.errors import EvidenceError
from meridian.evidence.package import write
from meridian.evidence.signing import MANIFEST, SIGNATURE, differences, private_key, public_key
from meridian.files import write_whole
from meridian.orchestrator import commands
from meridian.orchestrator.result import Result, UnitResult
from meridian.orchestrator.units import Mark
from meridian.paths import Checkout

Key = Ed25519PrivateKey | ec.EllipticCurvePrivateKey


def pem(key: Key, passphrase: bytes | None = None) -> bytes:
    lock = form.BestAvailableEncryption(passphrase) if passphrase else form.NoEncryption()
    return key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, lock)


def public_pem(key: Key) -> bytes:
    return key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)


KEY = Ed25519PrivateKey.generate()


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    folder = tmp_path / "package"
    write(evidence(tmp_path), PROD, folder, KEY)
    return folder


def test_a_package_is_as_it_was_written_and_sha256sum_says_so_too(signed: Path) -> None:
    assert differences(signed, KEY.public_key()) == []
    subprocess.run(["sha256sum", "--quiet", "-c", MANIFEST], cwd=signed, check=True)
    assert len((signed / SIGNATURE).read_bytes()) == 64


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda at: (at / "controls.csv").write_text("x"), "controls.csv: its SHA-256 is"),
        (lambda at: (at / "report.html").unlink(), "report.html: it is gone"),
        (lambda at: (at / SIGNATURE).unlink(), "the package is not signed"),
        (lambda at: (at / SIGNATURE).write_bytes(b"x" * 64), "not this key's signature"),
        (lambda at: (at / MANIFEST).write_text(""), "it names no file"),
        (lambda at: (at / MANIFEST).write_text("0  ../x\n"), "'../x' is no file of a package"),
    ],
)
def test_what_was_changed_is_named(signed: Path, spoil: Callable[[Path], object], told: str) -> None:
    spoil(signed)
    assert told in "\n".join(differences(signed, KEY.public_key()))


def test_a_changed_manifest_that_fits_its_files_still_breaks_the_signature(
    signed: Path, tmp_path: Path
) -> None:
    write(evidence(tmp_path, "soc2"), PROD, tmp_path / "other", None)
    (tmp_path / "other" / SIGNATURE).write_bytes((signed / SIGNATURE).read_bytes())
    assert differences(tmp_path / "other", None) == []
    assert "not this key's" in differences(tmp_path / "other", KEY.public_key())[0]
    assert "not this key's" in differences(signed, Ed25519PrivateKey.generate().public_key())[0]


def test_an_unsigned_package_over_a_signed_one_leaves_no_old_signature(signed: Path, tmp_path: Path) -> None:
    write(evidence(tmp_path, "soc2"), PROD, signed, None)
    assert not (signed / SIGNATURE).exists() and differences(signed, None) == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read"),
        (b"", "no private key in PEM"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "no private key in PEM"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "not of Ed25519"),
        (pem(KEY, b"words"), "encrypted with a passphrase"),
        (public_pem(KEY), "no private key in PEM"),
    ],
)
def test_a_key_that_cannot_sign_is_refused_with_what_makes_one(
    content: bytes | None, told: str, tmp_path: Path
) -> None:
    file = tmp_path / "key.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(EvidenceError, match=told) as refused:
        private_key(file)
    assert "fix: " in str(refused.value)


def test_a_key_that_cannot_check_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    for content in (b"", pem(KEY), public_pem(ec.generate_private_key(ec.SECP256R1()))):
        file.write_bytes(content)
        with pytest.raises(EvidenceError, match=r"--public-key .*fix: "):
            public_key(file)


def test_the_command_checks_a_package_and_says_by_whose_key(
    signed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "key.pub.pem"
    file.write_bytes(public_pem(KEY))
    assert cli.run(["evidence", "verify", str(signed), "--public-key", str(file)]) == 0
    assert "signed by the Ed25519 key sha256:" in capsys.readouterr().out
    (signed / "notes.txt").touch()
    assert cli.run(["evidence", "verify", str(signed)]) == 0
    told = capsys.readouterr().out
    assert "no --public-key was given" in told and "notes.txt: not part of the package" in told
    (signed / "report.html").write_text("x")
    assert cli.run(["evidence", "verify", str(signed)]) == 1
    assert "report.html: its SHA-256 is" in capsys.readouterr().err
    assert cli.run(["evidence", "verify", str(tmp_path / "none")]) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["evidence", "prod", "--framework", "pci", "--out", "x"], 2, "'pci' is no framework"),
        (["evidence", "--framework", "pci", "prod", "--out", "x"], 2, "'pci' is no framework"),
        (["evidence", "prod", "--out", "x"], 2, "--framework"),
        (["evidence", "moon", "--framework", "soc2", "--out", "x"], 2, "there is no such environment"),
        (["evidence", "prod", "--framework", "soc2", "--out", "file/x"], 1, "it cannot be written to"),
        (
            ["evidence", "prod", "--framework", "soc2", "--out", "x", "--sign-key", "none"],
            1,
            "cannot be read",
        ),
        (["evidence", "prod", "--framework", "soc2", "--out", "x", "--plan", "none"], 1, "--plan none"),
        (["evidence", "prod", "--framework", "soc2", "--out", "x", "--verify"], 1, "kept no result"),
    ],
)
def test_bad_input_is_told_with_its_rule_and_fix(
    arguments: list[str], code: int, told: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    checkout(tmp_path, monkeypatch)
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path)
    assert cli.run(arguments) == code
    said = capfd.readouterr().err
    assert told in said.replace("\n│ ", "") and "Traceback" not in said
    assert not (tmp_path / "x").exists()


def checkout(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    (folder / "stacks").symlink_to(ROOT / "stacks")
    (folder / "Pulumi.yaml").symlink_to(ROOT / "Pulumi.yaml")
    monkeypatch.setenv("MERIDIAN_ROOT", str(folder))
    return Checkout(folder)


def test_an_interrupt_while_it_plans_ends_with_130_and_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout(tmp_path, monkeypatch)
    stopped = Result(
        "prod", "preview", "plan", [UnitResult("eu", "prod-eu", Mark.INTERRUPTED)], 0.1, {}, True
    )

    def pressed(*_: object, **__: object) -> Result:
        raise KeyboardInterrupt

    for run in (lambda *_, **__: stopped, pressed):
        monkeypatch.setattr(commands, "run", run)
        for command in (
            ["evidence", "prod", "--framework", "soc2", "--out", str(tmp_path / "a/b")],
            ["policy", "check", "prod"],
            ["prove", "prod", "residency"],
        ):
            assert cli.run(command) == 130
    assert not (tmp_path / "a").exists()


def test_an_interrupt_while_it_writes_waits_until_the_package_is_whole_and_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = journal(checkout(tmp_path, monkeypatch), EVIDENCE)
    whole = basis(tmp_path)
    monkeypatch.setattr(evidence_command, "_basis", lambda *_: whole)

    def interrupted(path: Path, content: bytes) -> Path:
        signal.raise_signal(signal.SIGINT)
        return write_whole(path, content)

    monkeypatch.setattr(package, "write_whole", interrupted)
    assert cli.run(["evidence", "prod", "--framework", "soc2", "--out", str(tmp_path / "x")]) == 130
    assert differences(tmp_path / "x", None) == []
    assert [entry["kind"] for entry in noted.entries()] == ["package"]


def test_no_package_is_made_on_a_journal_that_was_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    noted = journal(checkout(tmp_path, monkeypatch), EVIDENCE)
    noted.append("verify", {"sha256": "a"})
    noted.file.write_text(noted.file.read_text().replace('"a"', '"b"'))
    assert cli.run(["evidence", "prod", "--framework", "soc2", "--out", str(tmp_path / "x")]) == 1
    assert "entry 1: its content is not what its digest says" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()
