"""Clusters that are removed side by side: the last one may not take away what another still needs."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from meridian.local.controlplane import etcd_keys
from meridian.local.controlplane.manager import ControlPlanes


def test_etcd_lives_until_the_keys_of_every_removed_cluster_are_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planes = ControlPlanes(tmp_path, tmp_path, tmp_path)
    stopped: list[str] = []
    etcd: Any = SimpleNamespace(alive=True, url="", stop=lambda: stopped.append("etcd"))
    planes._etcd = etcd
    reached, go_on = threading.Event(), threading.Event()

    def delete_keys(url: str, prefix: str) -> None:
        if "slow" in prefix:
            reached.set()
            assert go_on.wait(10)

    monkeypatch.setattr(etcd_keys, "delete", delete_keys)
    slow = threading.Thread(target=planes.remove, args=("slow",))
    slow.start()
    assert reached.wait(10)
    planes.remove("quick")
    assert stopped == []
    go_on.set()
    slow.join(10)
    assert stopped == ["etcd"]
