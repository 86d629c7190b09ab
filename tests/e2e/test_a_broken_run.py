"""Runs that end in the middle: the next one converges, and nothing is left that no state knows."""

from __future__ import annotations

import json
import os
import signal

import psutil
import pytest
from estate_checkout import CLUSTERS, EstateCheckout, changes, until

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane, pytest.mark.timeout(900)]


def test_ctrl_c_in_the_middle_ends_cleanly_and_a_second_run_meanwhile_is_refused(
    checkout: EstateCheckout,
) -> None:
    run = checkout.start("up", "local", "--json")
    until(lambda: len(checkout.inventory()) > 60 or run.poll() is not None, "60 resources")
    second = checkout.start("up", "local")
    _, told = second.communicate(timeout=60)
    assert second.returncode == 1
    assert f"(pid {run.pid}, alive) since " in told and "`meridian up local --json`" in told
    assert "meridian unlock local" in told
    os.killpg(run.pid, signal.SIGINT)
    out, _ = run.communicate(timeout=180)
    assert run.returncode == 130
    assert json.loads(out)["interrupted"] is True
    assert not [process for process in checkout.of_the_run() if "--event-log" in process.cmdline()]
    assert 60 < len(checkout.inventory()) < 600, "it stopped before the end"


def test_kill_9_of_engines_run_and_worker_in_the_middle_leaves_no_orphan_once_up_has_run_again(
    checkout: EstateCheckout,
) -> None:
    before = len(checkout.inventory())
    run = checkout.start("up", "local")
    until(lambda: len(checkout.inventory()) > before + 100 or run.poll() is not None, "100 resources more")
    assert run.poll() is None, "the run was over before it could be killed"
    victims = checkout.of_the_run()
    names = " ".join(" ".join(victim.cmdline()) for victim in victims)
    assert "--event-log" in names and "meridian.orchestrator.zygote" in names
    run.kill()
    for victim in victims:
        if victim.is_running():
            victim.kill()
    run.communicate()
    psutil.wait_procs(victims, timeout=30)
    looked = json.loads(checkout.run("preview", "local", "--json"))
    marked = {mark.name for mark in (checkout.root / ".meridian/unsaved/local").iterdir()}
    assert looked["cut_off"].keys() == marked != set()
    assert "`meridian up local`" in looked["behind"]
    # What was under way when everything died, the clouds may have made without a state that knows it.
    merged = json.loads(checkout.run("up", "local", "--json"))
    assert merged["ok"] is True
    assert sorted((row["type"], row["id"]) for row in checkout.inventory()) == checkout.in_state()
    assert changes(checkout.run("up", "local", "--json")) == []


def test_kill_9_of_the_clouds_with_all_their_clusters_is_mended_by_up(estate: EstateCheckout) -> None:
    before = {cluster: len(estate.nodes(cluster)) for cluster in CLUSTERS}
    known = sorted((row["type"], row["id"]) for row in estate.inventory())
    everything = estate.processes()
    assert sum("kube-apiserver" in " ".join(process.cmdline()) for process in everything) == 6
    for process in everything:
        if process.is_running():
            process.kill()
    until(lambda: not estate.processes(), "every process gone", 30)
    estate.run("up", "local", "--json")
    assert sorted((row["type"], row["id"]) for row in estate.inventory()) == known == estate.in_state()
    assert {cluster: len(estate.nodes(cluster)) for cluster in CLUSTERS} == before
    assert changes(estate.run("up", "local", "--json")) == []


def test_kill_9_of_one_api_server_is_mended_by_the_clouds_themselves(estate: EstateCheckout) -> None:
    (victim, *_) = [
        process
        for process in estate.processes()
        if process.name() == "kube-apiserver" and "local-eu-gke" in " ".join(process.cmdline())
    ] or [process for process in estate.processes() if process.name() == "kube-apiserver"]
    victim.kill()

    def back() -> bool:
        try:
            return all(len(estate.nodes(cluster)) >= 3 for cluster in CLUSTERS)
        except Exception:
            return False

    until(back, "all six clusters answering")
