"""The real engine against the embedded clouds: up, nothing to do, drift, refresh, destroy."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from meridian.local import plugins
from meridian.local.client import LocalClouds
from meridian.paths import Checkout, find_checkout

pytestmark = pytest.mark.e2e

PROGRAM = """
import pulumi
from pulumi_aws import Provider, ec2

options = pulumi.ResourceOptions(provider=Provider("aws", region="us-east-1"))
vpc = ec2.Vpc("vpc", cidr_block="10.0.0.0/16", tags={"owner": "platform"}, opts=options)
subnet = ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block="10.0.0.0/24", opts=options)
pulumi.export("vpc", vpc.id)
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "Pulumi.yaml").write_text("name: small\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(PROGRAM)
    (tmp_path / "state").mkdir()
    checkout = Checkout(tmp_path)
    plugins.install(checkout)
    yield tmp_path
    clouds = LocalClouds.connect(checkout)
    if clouds:
        clouds.stop()


def run(project: Path, *arguments: str, **variables: str) -> str:
    own = find_checkout(Path(__file__).parent).bin
    if not (own / "pulumi").exists() and not shutil.which("pulumi"):
        pytest.skip("no engine; `meridian toolchain` brings it")
    environment = {
        **os.environ,
        "PATH": f"{own}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PULUMI_HOME": str(project / ".meridian" / "home"),
        "PULUMI_BACKEND_URL": f"file://{project / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        **variables,
    }
    done = subprocess.run(
        ["pulumi", *arguments, "--non-interactive", "--stack", "local-us"],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in done.stderr
    return done.stdout


def test_up_again_drift_refresh_and_destroy(project: Path) -> None:
    run(project, "stack", "init")
    assert "to create" in run(project, "preview", MERIDIAN_LOCAL_MODE="plan")
    assert LocalClouds.ensure_running(Checkout(project)).inventory() == []
    run(project, "up", "--yes", "--skip-preview")
    assert "4 unchanged" in run(project, "up", "--yes", "--skip-preview")
    clouds = LocalClouds.ensure_running(Checkout(project))
    vpc = next(row["id"] for row in clouds.inventory() if row["type"] == "aws:ec2/vpc:Vpc")
    clouds.drift(vpc, "tags.owner", "mallory")
    assert "1 updated" in run(project, "refresh", "--yes", "--skip-preview")
    assert "1 updated" in run(project, "up", "--yes", "--skip-preview")
    found = next(row for row in clouds.inventory() if row["id"] == vpc)
    assert found["outputs"]["tags"] == {"owner": "platform"}
    run(project, "destroy", "--yes", "--skip-preview")
    assert clouds.inventory() == []
