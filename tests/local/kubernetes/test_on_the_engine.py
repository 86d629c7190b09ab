"""A program with a cluster and objects on it, on the real engine: plan, up, up again, drift, failure, destroy."""

import json
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

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]

PROGRAM = """
import json
import os

import pulumi
import pulumi_gcp as gcp
import pulumi_kubernetes as k8s

google = pulumi.ResourceOptions(provider=gcp.Provider("gcp", project="meridian-test", region="us-central1"))
cluster = gcp.container.Cluster(
    "cluster", name="small", location="us-central1", initial_node_count=1, deletion_protection=False, opts=google
)
pool = gcp.container.NodePool(
    "pool",
    name="main",
    cluster=cluster.name,
    location="us-central1",
    node_count=1,
    node_config={"machine_type": "n1-standard-8"},
    opts=google,
)


def kubeconfig(given):
    endpoint, authority = given
    return json.dumps({
        "clusters": [{"name": "c", "cluster": {
            "server": f"https://{endpoint}", "certificate-authority-data": authority["cluster_ca_certificate"],
        }}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "users": [{"name": "u", "user": {"exec": {"command": "gke-gcloud-auth-plugin"}}}],
        "current-context": "c",
    })


text = pulumi.Output.all(cluster.endpoint, cluster.master_auth).apply(kubeconfig)
provider = k8s.Provider("k8s", kubeconfig=text, cluster_identifier="small", opts=pulumi.ResourceOptions(depends_on=[pool]))
on_it = pulumi.ResourceOptions(provider=provider)
space = k8s.core.v1.Namespace("shop", metadata={"name": "shop"}, opts=on_it)
labels = {"app": "web"}
secret = k8s.core.v1.Secret("key", metadata={"namespace": "shop"}, string_data={"token": pulumi.Output.secret("correct horse")}, opts=pulumi.ResourceOptions(provider=provider, depends_on=[space]))
web = k8s.apps.v1.Deployment(
    "web",
    metadata={"name": "web", "namespace": space.metadata["name"]},
    spec={
        "replicas": 2,
        "selector": {"match_labels": labels},
        "template": {
            "metadata": {"labels": labels},
            "spec": {
                "node_selector": json.loads(os.environ.get("NODES", "{}")),
                "containers": [{
                    "name": "web", "image": "registry.example/web:1",
                    os.environ.get("FIELD", "image_pull_policy"): "Always",
                    "env": [{"name": "TOKEN", "value_from": {"secret_key_ref": {"name": secret.metadata["name"], "key": "token"}}}],
                }],
            },
        },
    },
    opts=pulumi.ResourceOptions(provider=provider, custom_timeouts=pulumi.CustomTimeouts(create="15s", update="15s")),
)
k8s.core.v1.Service(
    "web",
    metadata={"name": "web", "namespace": "shop"},
    spec={"selector": labels, "ports": [{"port": 80}]},
    opts=pulumi.ResourceOptions(provider=provider, depends_on=[web]),
)
"""


class Project:
    """A small Pulumi project with embedded clouds of its own."""

    def __init__(self, root: Path) -> None:
        self.root, self.checkout = root, Checkout(root)
        (root / "Pulumi.yaml").write_text("name: small\nruntime: python\n")
        (root / "__main__.py").write_text(PROGRAM)
        (root / "state").mkdir()
        self.checkout.bin.parent.mkdir(parents=True, exist_ok=True)
        own = find_checkout(Path(__file__).parent)
        self.checkout.bin.symlink_to(own.bin)
        shutil.copytree(own.root / "policies" / "audit", root / "policies" / "audit")
        plugins.install(self.checkout)

    def run(self, *arguments: str, code: int = 0, **variables: str) -> str:
        environment = {
            **os.environ,
            "PATH": f"{self.checkout.bin}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PULUMI_HOME": str(self.checkout.pulumi_home),
            "PULUMI_BACKEND_URL": f"file://{self.root / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            **variables,
        }
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--stack", "local-us"],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        said = done.stdout + done.stderr
        assert (done.returncode == 0) == (code == 0), said
        return said

    def kubectl(self, *arguments: str) -> str:
        kubeconfig = next((self.root / ".meridian" / "kube").glob("*.kubeconfig"))
        command = [str(self.checkout.bin / "kubectl"), f"--kubeconfig={kubeconfig}", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout

    def clouds(self) -> LocalClouds:
        return LocalClouds.ensure_running(self.checkout)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    own = find_checkout(Path(__file__).parent).bin
    if not all((own / name).exists() for name in ("pulumi", "kube-apiserver", "kubectl")):
        pytest.skip("no engine or control plane; `meridian toolchain` brings them")
    made = Project(tmp_path)
    yield made
    clouds = LocalClouds.connect(made.checkout)
    if clouds:
        clouds.stop()
    shutil.rmtree(tmp_path / ".meridian" / "local", ignore_errors=True)


def test_from_a_plan_to_a_cluster_that_is_gone(project: Project) -> None:
    project.run("stack", "init")
    assert "imagePulPolicy" in project.run(
        "preview", code=1, MERIDIAN_LOCAL_MODE="plan", FIELD="imagePulPolicy"
    )
    planned = project.run("preview", MERIDIAN_LOCAL_MODE="plan")
    assert "kubernetes:apps/v1:Deployment" in planned

    # No node has this label: the deployment is kept as not ready, with the reason, and the next run goes on with it.
    stuck = project.run("up", "--yes", "--skip-preview", code=1, NODES='{"disk": "huge"}')
    assert "Unschedulable" in stuck
    project.run("refresh", "--yes", "--skip-preview")
    project.run("up", "--yes", "--skip-preview")
    assert "unchanged" in project.run("up", "--yes", "--skip-preview", "--expect-no-changes")

    state = b"".join(path.read_bytes() for path in (project.root / "state").rglob("*") if path.is_file())
    logs = b"".join(path.read_bytes() for path in (project.root / ".meridian").rglob("*.log"))
    for text in (b"correct horse", b"Y29ycmVjdCBob3JzZQ"):
        assert text not in state + logs

    project.kubectl("-n", "shop", "scale", "deployment/web", "--replicas=3")
    assert "1 updated" in project.run("refresh", "--yes", "--skip-preview")
    conflict = project.run("preview", code=1)
    assert "spec.replicas is owned by" in conflict
    assert "pulumi.com/patchForce" in conflict
    project.kubectl("-n", "shop", "scale", "deployment/web", "--replicas=2")

    exported = json.loads(project.run("stack", "export").split("\nwarning")[0])
    ids = {
        each["id"] for each in exported["deployment"]["resources"] if each["type"].startswith("kubernetes:")
    }
    assert {"shop", "shop/web"} <= ids

    cluster = next(
        row["id"] for row in project.clouds().inventory() if row["type"] == "gcp:container/cluster:Cluster"
    )
    project.clouds().drift(cluster, None, None)
    gone = project.run("destroy", "--yes", "--skip-preview")
    assert gone.count("what else was there is gone with cluster c") >= 1
    assert project.clouds().inventory() == []
