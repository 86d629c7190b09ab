"""The real engine brings the whole estate up on real API servers, in a checkout of its own."""

from __future__ import annotations

import fnmatch
import json
import os
import signal
import subprocess
from typing import Any

import pytest
from estate_checkout import CLUSTERS, EstateCheckout, changes, until
from secret_scan import ALLOWED, needles, of_stacks, scan

from meridian.model import load_environment
from meridian.model.topology import nodes as database_nodes
from meridian.model.units import platform_of
from meridian.program.graph import units_for
from meridian.verify.catalogue import CHECKS, OF_CLUSTERS

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane, pytest.mark.timeout(900)]


def test_kubectl_reaches_the_nodes_of_all_six_clusters(estate: EstateCheckout) -> None:
    for cluster in CLUSTERS:
        nodes = estate.nodes(cluster)
        zones = {node["metadata"]["labels"]["topology.kubernetes.io/zone"] for node in nodes}
        pools = {node["metadata"]["labels"]["meridian.dev/local-pool"] for node in nodes}
        assert len(nodes) >= 3
        assert len(zones) >= 2
        assert pools == {"standard", "database"}


def test_a_second_up_changes_nothing(estate: EstateCheckout) -> None:
    assert changes(estate.run("up", "local", "--json")) == []
    assert "nothing to do" in estate.run("up", "local")


def test_what_runs_is_verified_on_every_cluster_the_database_and_the_edge(estate: EstateCheckout) -> None:
    found = json.loads(estate.run("verify", "local", "--json"))
    wrong = [each for each in found if each["outcome"] not in ("passed", "not applicable")]
    assert wrong == []
    assert {each["check"] for each in found} == set(CHECKS)
    assert {each["subject"] for each in found if each["check"] in OF_CLUSTERS} == set(CLUSTERS)
    kept = max((estate.root / ".meridian/evidence/local/verify").iterdir())
    assert json.loads(kept.read_text())["checks"] == found
    estate.run("audit", "verify")


def test_refresh_finds_what_was_changed_behind_the_estates_back(estate: EstateCheckout) -> None:
    rows = json.loads(estate.run("local", "inventory", "--json"))
    bucket = next(
        row for row in rows if row["type"] == "gcp:storage/bucket:Bucket" and "backups-eu" in row["id"]
    )
    # A bucket's settings share its id: the URN is its own.
    estate.run("local", "drift", bucket["urn"], "publicAccessPrevention", "inherited")
    found = changes(estate.run("refresh", "local", "--unit", "eu", "--json"))
    assert any("backups" in change["name"] for change in found), found
    # `up` brings back what the data says.
    mended = changes(estate.run("up", "local", "--unit", "eu", "--json"))
    assert any("backups" in change["name"] for change in mended), mended


def test_no_secret_of_any_stack_lies_in_plain_text_in_any_file(estate: EstateCheckout) -> None:
    secrets = of_stacks(estate, json.loads(estate.run("graph", "local", "--json")))
    assert sum("PRIVATE KEY" in secret for secret in secrets) >= 10
    hits = scan(estate.root, needles(secrets), ALLOWED)
    assert not hits, "\n".join(hits)
    # What a run writes was there to be scanned: state, what was planned and done, clouds, clusters with their audit logs.
    written = {file.relative_to(estate.root).as_posix() for file in estate.root.rglob("*") if file.is_file()}
    for wanted in (
        ".meridian/state/.pulumi/stacks/meridian/local-eu.json",
        ".meridian/logs/local/*.events.jsonl",
        ".meridian/logs/local/*.log",
        ".meridian/local/inventory*",
        ".meridian/local/*.log",
        ".meridian/local/**/audit*.log",
        ".meridian/kube/*.kubeconfig",
        "stacks/Pulumi.local-data.yaml",
    ):
        assert fnmatch.filter(written, wanted), wanted


def pulumi(estate: EstateCheckout, environment: str, *arguments: str) -> str:
    """Run the engine by hand, as a shell does after `eval "$(meridian env ...)"`."""
    settings = json.loads(estate.run("env", environment, "--json"))
    done = subprocess.run(
        ["pulumi", *arguments, "--non-interactive", "--color", "never"],
        cwd=estate.root,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{arguments}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def test_plain_pulumi_plans_a_unit_of_production_as_the_orchestrator_does(estate: EstateCheckout) -> None:
    ours = json.loads(estate.run("preview", "prod", "--unit", "eu", "--json"))
    assert ours["providers"] == "plan"
    planned = ours["counts"]["create"]
    said = pulumi(estate, "prod", "preview", "-s", "prod-eu")
    assert planned > 100 and f"+ {planned} to create" in said


@pytest.mark.skipif(
    platform_of("eu") not in units_for(("eu",)), reason="the platforms are no units of the estate yet"
)
def test_nine_database_pods_are_ready_in_the_zones_that_the_data_names(estate: EstateCheckout) -> None:
    def found() -> dict[str, tuple[str, str]]:
        """Cluster and zone of every database pod that is ready."""
        ready = {}
        for cluster in CLUSTERS:
            zones = {
                node["metadata"]["name"]: node["metadata"]["labels"]["topology.kubernetes.io/zone"]
                for node in _objects(estate, cluster, "nodes")
            }
            for pod in _objects(
                estate, cluster, "pods", "-n", "database", "-l", "app.kubernetes.io/name=cockroachdb"
            ):
                states = {one["type"]: one["status"] for one in pod["status"].get("conditions", [])}
                if states.get("Ready") == "True":
                    ready[pod["metadata"]["name"]] = (cluster, zones[pod["spec"]["nodeName"]])
        return ready

    expected = {
        f"{node.key}-0": (node.cluster, node.zone)
        for node in database_nodes(load_environment(estate.root, "local"))
    }
    until(lambda: len(found()) == len(expected), "nine ready database pods")
    assert found() == expected


def _objects(estate: EstateCheckout, cluster: str, *what: str) -> list[dict[str, Any]]:
    said = subprocess.run(
        [
            estate.root / ".meridian/bin/kubectl",
            "--kubeconfig",
            estate.root / ".meridian" / "kube" / f"{cluster}.kubeconfig",
            "get",
            *what,
            "-o",
            "json",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return list(json.loads(said.stdout)["items"])


def test_plain_pulumi_finds_nothing_to_do_in_what_the_orchestrator_brought_up(estate: EstateCheckout) -> None:
    said = pulumi(estate, "local", "up", "-s", "local-eu", "--yes", "--skip-preview")
    assert "unchanged" in said
    assert not any(word in said for word in (" created", " updated", " deleted", " replaced")), said[-800:]


def test_outputs_and_status_read_the_state_and_show_no_secret(estate: EstateCheckout) -> None:
    told = json.loads(estate.run("outputs", "local", "--json"))
    assert set(told["eu"]["clusters"]) == {"gke", "eks"}
    assert list(told["eu"]["clusters"]["gke"]) == list(told["eu"]["clusters"]["eks"])
    assert "PRIVATE KEY" not in json.dumps(told)
    status = json.loads(estate.run("status", "local", "--json"))
    assert status["held_by"] is None
    assert all(unit["exists"] and unit["resources"] > 0 and not unit["pending"] for unit in status["units"])


def test_recover_has_nothing_to_do_when_no_run_died(estate: EstateCheckout) -> None:
    merged = json.loads(estate.run("recover", "local", "--json"))
    assert (merged["ok"], merged["units"]) == (True, [])
    assert estate.run("unlock", "local") == "local is not held\n"


def test_a_destroy_that_ctrl_c_and_kill_9_ended_goes_on_and_leaves_an_empty_inventory_and_no_process(
    estate: EstateCheckout,
) -> None:
    before = len(estate.inventory())
    run = estate.start("destroy", "local", "--json")
    until(lambda: len(estate.inventory()) < before - 20 or run.poll() is not None, "20 deletions")
    os.killpg(run.pid, signal.SIGINT)
    run.communicate(timeout=180)
    assert run.returncode == 130
    left = len(estate.inventory())
    assert 0 < left < before
    again = estate.start("destroy", "local")
    until(lambda: len(estate.inventory()) < left - 20 or again.poll() is not None, "20 more deletions")
    assert again.poll() is None, "it was over before it could be killed"
    for victim in [*estate.of_the_run()]:
        victim.kill()
    again.communicate()
    estate.run("destroy", "local", "--json")
    assert json.loads(estate.run("local", "inventory", "--json")) == []
    assert estate.in_state() == []
    assert "stopped" in estate.run("down")
    assert [" ".join(process.cmdline())[:120] for process in estate.processes()] == []
    assert estate.run("down") == "nothing to stop\n"
