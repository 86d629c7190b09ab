"""The pack as any Pulumi project loads it, in the real engine, with a bucket that is open to the public."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from meridian.paths import find_checkout

CHECKOUT = find_checkout(Path(__file__).parent)
PROGRAM = """
import pulumi


class Bucket(pulumi.CustomResource):
    def __init__(self, name, props):
        super().__init__("gcp:storage/bucketIAMMember:BucketIAMMember", name, props)


Bucket("site", {"bucket": "site", "member": MEMBER, "role": "roles/storage.objectViewer"})
"""

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not (CHECKOUT.bin / "pulumi").exists(), reason="no engine: run `meridian toolchain`"),
]


def _preview(folder: Path, member: str) -> subprocess.CompletedProcess[str]:
    from meridian.local import client, plugins

    plugins.install(CHECKOUT)
    client.LocalClouds.ensure_running(CHECKOUT)
    (folder / "state").mkdir()
    (folder / "Pulumi.yaml").write_text("name: foreign\nruntime: python\n")
    (folder / "__main__.py").write_text(PROGRAM.replace("MEMBER", repr(member)))
    (folder / "Pulumi.prod-site.yaml").write_text(
        "config:\n  gcp:project: foreign\n  gcp:region: europe-west1\n"
    )
    environ = {
        **os.environ,
        "PATH": f"{CHECKOUT.bin}:{os.environ['PATH']}",
        "PULUMI_HOME": str(CHECKOUT.pulumi_home),
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "of-a-test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "MERIDIAN_ROOT": str(CHECKOUT.root),
        "MERIDIAN_PYTHON": str(CHECKOUT.root / ".venv/bin/python"),
        "MERIDIAN_LOCAL_MODE": "plan",
    }
    pulumi = shutil.which("pulumi", path=environ["PATH"]) or ""
    for command in (
        ["stack", "init", "prod-site"],
        ["preview", "--policy-pack", str(CHECKOUT.root / "policies" / "pack")],
    ):
        done = subprocess.run(
            [pulumi, *command, "--non-interactive"],
            cwd=folder,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
    return done


def test_the_engine_refuses_a_bucket_that_is_open_to_the_public(tmp_path: Path) -> None:
    done = _preview(tmp_path, "allUsers")
    assert done.returncode != 0, done.stdout
    assert "bucket-not-public" in done.stdout
    assert "allUsers" in done.stdout and "fix: name the accounts" in done.stdout, done.stdout + done.stderr


def test_the_engine_lets_a_bucket_of_named_accounts_pass(tmp_path: Path) -> None:
    done = _preview(tmp_path, "serviceAccount:site@foreign.iam.gserviceaccount.com")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "meridian" in done.stdout
