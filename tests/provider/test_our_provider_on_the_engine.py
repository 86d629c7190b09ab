"""The real engine starts our plugin from Pulumi.yaml and lives with it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from meridian.paths import find_checkout

pytestmark = pytest.mark.e2e

PROJECT = """
name: notes
runtime: python
plugins:
  providers:
    - name: meridian
      path: plugin
"""
PROGRAM = """
import os
import pulumi

props = {"folderPath": os.environ["NOTES"], "title": "first", "text": os.environ["NOTE"]}
note = pulumi.CustomResource("meridian:test:Note", "note", props, pulumi.ResourceOptions(version="0.1.0"))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "a project"
    (folder / "plugin").mkdir(parents=True)
    (folder / "state").mkdir()
    (folder / "notes").mkdir()
    (folder / "Pulumi.yaml").write_text(PROJECT)
    (folder / "__main__.py").write_text(PROGRAM)
    plugin = folder / "plugin" / "pulumi-resource-meridian"
    here = Path(__file__).parent
    plugin.write_text(f'#!/bin/sh\nexec "{sys.executable}" -u "{here / "notes.py"}" "$@"\n')
    plugin.chmod(0o755)
    return folder


def run(project: Path, *arguments: str, note: str = "hidden words") -> str:
    own = find_checkout(Path(__file__).parent).bin
    if not (own / "pulumi").exists() and not shutil.which("pulumi"):
        pytest.skip("no engine; `meridian toolchain` brings it")
    done = subprocess.run(
        ["pulumi", *arguments, "--non-interactive", "--stack", "local-notes"],
        cwd=project,
        env={
            **os.environ,
            "PATH": f"{own}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PULUMI_HOME": str(project / "home"),
            "PULUMI_BACKEND_URL": f"file://{project / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "NOTES": str(project / "notes"),
            "NOTE": note,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in done.stderr
    return done.stdout


def test_preview_up_drift_refresh_and_destroy(project: Path) -> None:
    run(project, "stack", "init")
    said = run(project, "preview")
    assert "write first" in said
    assert "hidden words" not in said
    assert list((project / "notes").iterdir()) == []
    run(project, "up", "--yes", "--skip-preview")
    assert (project / "notes" / "first").read_text() == "hidden words"
    assert "2 unchanged" in run(project, "up", "--yes", "--skip-preview")
    assert "1 updated" in run(project, "up", "--yes", "--skip-preview", note="other words")
    (project / "notes" / "first").write_text("by hand")
    assert "1 updated" in run(project, "refresh", "--yes", "--skip-preview", note="other words")
    assert "1 updated" in run(project, "up", "--yes", "--skip-preview", note="other words")
    state = json.dumps([file.read_text() for file in (project / "state").rglob("*.json")])
    assert not any(word in state for word in ("hidden words", "other words", "by hand"))
    run(project, "destroy", "--yes", "--skip-preview")
    assert list((project / "notes").iterdir()) == []


def test_the_plugin_ends_when_the_engine_is_killed() -> None:
    """The engine's stand-in is killed with SIGKILL: it cannot tell its plugin to end."""
    plugin = Path(__file__).parents[2] / "src/meridian/provider/plugin/pulumi-resource-meridian"
    program = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, text=True)\n"
        "print(child.pid, child.stdout.readline().strip(), flush=True)\n"
        "time.sleep(600)"
    )
    engine = subprocess.Popen(
        [sys.executable, "-c", program, str(plugin)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "MERIDIAN_PYTHON": sys.executable},
    )
    assert engine.stdout is not None
    pid, port = engine.stdout.readline().split()
    served = psutil.Process(int(pid))
    assert int(port) > 0 and served.is_running()
    engine.kill()
    engine.communicate()
    assert psutil.wait_procs([served], timeout=60)[1] == []
