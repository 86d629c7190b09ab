"""The workflow files: linted by their own linter, least permissions, everything foreign pinned by digest."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from meridian.toolchain.errors import ToolchainError
from meridian.toolchain.install import built
from meridian.toolchain.tools import Module
from tests.github.fake_github import TOKEN, FakeGitHub, serving

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
LINTER = Module("actionlint", ("github.com/rhysd/actionlint/cmd/actionlint",), ("actionlint",), "-s -w")


def loaded(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = YAML(typ="safe").load(path)
    return content


def jobs() -> list[tuple[str, str, dict[str, Any]]]:
    return [(path.name, name, job) for path in WORKFLOWS for name, job in loaded(path)["jobs"].items()]


def test_the_linter_of_workflows_finds_nothing() -> None:
    try:
        program = (
            built(LINTER, ROOT / "toolchain/go/actionlint", lambda _name, _text: None).folder / "actionlint"
        )
    except ToolchainError as error:
        pytest.skip(f"actionlint cannot be built: {error}")
    said = subprocess.run([program, "-no-color", *WORKFLOWS], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_only_read_unless_a_job_says_otherwise(path: Path) -> None:
    assert loaded(path)["permissions"] == {"contents": "read"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_foreign_action_is_pinned_by_its_digest_with_the_version_beside_it(path: Path) -> None:
    for line in path.read_text().splitlines():
        if "uses:" in line:
            assert re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


def test_no_workflow_runs_strangers_code_with_the_repository_s_rights() -> None:
    for path in WORKFLOWS:
        triggers = loaded(path).get("on", loaded(path).get(True))
        assert "pull_request_target" not in str(triggers)
        assert "workflow_run" not in str(triggers)


def test_no_secret_is_used_and_nothing_of_a_pull_request_is_pasted_into_a_script() -> None:
    for path in WORKFLOWS:
        assert "secrets." not in path.read_text()
    for file, name, job in jobs():
        for step in job["steps"]:
            assert "${{" not in step.get("run", ""), f"{file} {name}: pass it by `env:`"


def test_every_job_ends_by_itself_and_only_what_signs_in_has_an_identity() -> None:
    for file, name, job in jobs():
        assert job["timeout-minutes"] <= 120, f"{file} {name}"
        signs_in = any("ci-sign-in" in step.get("run", "") for step in job["steps"])
        identity = job.get("permissions", {}).get("id-token") == "write"
        assert identity is signs_in, f"{file} {name}"


def test_the_comment_is_posted_only_for_branches_of_our_own() -> None:
    steps = loaded(ROOT / ".github/workflows/preview.yml")["jobs"]["preview"]["steps"]
    comment = next(step for step in steps if step.get("name") == "Comment")
    assert "env.OURS == 'true'" in comment["if"]


def test_a_job_without_an_identity_is_told_what_to_do(tmp_path: Path) -> None:
    said = subprocess.run(
        [ROOT / "scripts/ci-sign-in", "previewer"],
        env={"PATH": os.environ["PATH"], "RUNNER_TEMP": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 1
    assert "id-token: write" in said.stderr


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
def test_signing_in_writes_credentials_that_hold_no_key_and_only_their_owner_reads(tmp_path: Path) -> None:
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    asked: list[str] = []

    class Tokens(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            asked.append(f"{self.path} {self.headers['Authorization']}")
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"value": "a.b.c"}')

    server = HTTPServer(("127.0.0.1", 0), Tokens)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        told = tmp_path / "env"
        done = subprocess.run(
            [ROOT / "scripts/ci-sign-in", "previewer"],
            env={
                "PATH": os.environ["PATH"],
                "RUNNER_TEMP": str(tmp_path),
                "GITHUB_ENV": str(told),
                "ACTIONS_ID_TOKEN_REQUEST_URL": f"http://127.0.0.1:{server.server_address[1]}/t?v=1",
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request",
                "GCP_PROVIDER": "projects/1/locations/global/workloadIdentityPools/p/providers/x",
                "GCP_ACCOUNT": "previewer@p.iam.gserviceaccount.com",
                "AWS_ROLE": "arn:aws:iam::100000000001:role/meridian-prod-ci-previewer",
            },
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        server.shutdown()
        server.server_close()
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert all(line.endswith("bearer request") for line in asked)
    variables = dict(line.split("=", 1) for line in told.read_text().splitlines())
    token = Path(variables["AWS_WEB_IDENTITY_TOKEN_FILE"])
    assert token.read_text() == "a.b.c"
    assert token.parent.stat().st_mode & 0o077 == 0
    assert "private_key" not in Path(variables["GOOGLE_APPLICATION_CREDENTIALS"]).read_text()


def test_the_command_posts_a_preview(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from meridian.cli import run

    file = tmp_path / "preview.md"
    file.write_text("<!-- meridian-preview: prod -->\nsafe")
    with serving(FakeGitHub()) as host:
        monkeypatch.setenv("GITHUB_API_URL", host.url)
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        monkeypatch.setenv("GITHUB_REPOSITORY", "o/r")
        assert run(["comment", str(file), "--number", "7"]) == 0
        assert host.bodies() == [file.read_text()]
        monkeypatch.setenv("GITHUB_TOKEN", "")
        assert run(["comment", str(file), "--number", "7"]) == 1
    assert "GITHUB_TOKEN: is empty" in capsys.readouterr().err
