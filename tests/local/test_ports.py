"""Ports are nobody else's between their choice and the start of a server."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from meridian.local.controlplane.plane import Plane, PortTakenError
from meridian.local.ports import free_ports


def test_ports_that_threads_ask_for_at_once_are_all_different() -> None:
    with ThreadPoolExecutor(8) as pool:
        given = [port for ports in pool.map(free_ports, [3] * 40) for port in ports]
    assert len(set(given)) == 120


def test_no_port_is_one_that_an_outgoing_connection_can_take() -> None:
    assert all(port < 32_768 for port in free_ports(50))


class Taken(Plane):
    """An API server whose port somebody else takes so many times."""

    def __init__(self, folder: Path, times: int) -> None:
        self.certificates: Any = SimpleNamespace(folder=folder)
        self.launches = 0
        self.times = times

    def _launch(self, etcd: str) -> None:
        assert not (self.certificates.folder / "ports.json").exists()
        self.launches += 1
        (self.certificates.folder / "ports.json").write_text("[1, 2, 3]")
        if self.launches <= self.times:
            raise PortTakenError("kube-apiserver", "is taken", "try again")


def test_an_api_server_whose_port_was_taken_starts_on_another(tmp_path: Path) -> None:
    plane = Taken(tmp_path, 2)
    plane.launch("http://etcd")
    assert plane.launches == 3


def test_one_that_never_gets_its_port_says_so(tmp_path: Path) -> None:
    with pytest.raises(PortTakenError, match="is taken"):
        Taken(tmp_path, 3).launch("http://etcd")
