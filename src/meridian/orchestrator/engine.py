"""One operation of the engine on one stack, in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from meridian.orchestrator.errors import OrchestratorError
from meridian.orchestrator.events import Event, EventTail
from meridian.orchestrator.session import Session

_TAIL_BYTES = 4000


def engine_binary(session: Session) -> Path:
    """Return the engine's program; raises OrchestratorError when the toolchain is not there."""
    binary = session.checkout.bin / "pulumi"
    if not binary.exists():
        raise OrchestratorError(
            str(binary.relative_to(session.checkout.root)),
            "the Pulumi engine is not there",
            "run `meridian toolchain` (or `make up`, which does it first)",
        )
    if not os.access(binary, os.X_OK):
        raise OrchestratorError(
            str(binary), "the Pulumi engine must be executable", "remove it and run `meridian toolchain`"
        )
    return binary


def arguments(operation: str, session: Session, unit: str, *, port: int | None, parallel: int) -> list[str]:
    """Return the engine's arguments for an operation (preview, up, refresh, drift, recover or destroy) on a unit's stack."""
    stack = session.stack(unit)
    apply = ["--yes", "--skip-preview"]
    verbs: dict[str, Sequence[str]] = {
        "preview": ["preview"],
        "up": ["up", *apply],
        "refresh": ["refresh", *apply],
        "recover": ["refresh", *apply, "--clear-pending-creates"],
        "destroy": ["destroy", *apply],
        "drift": ["refresh", "--preview-only"],
    }
    found = [*verbs[operation], "--stack", stack, "--non-interactive", "--color", "never"]
    found += ["--parallel", str(parallel), "--suppress-outputs"]
    if port is not None:
        # As the Automation API does for an inline program: the engine dials our worker instead of starting a host.
        found += [f"--client=127.0.0.1:{port}", "--exec-kind", "auto.inline"]
    return found


def event_log(session: Session, unit: str) -> Path:
    """Return where the last engine on a unit's stack wrote its events."""
    return session.checkout.work / "logs" / session.environment / f"{unit}.events.jsonl"


class Engine:
    """One operation on one stack, by what it writes: events and output."""

    def __init__(self, session: Session, unit: str) -> None:
        self._events = event_log(session, unit)
        # Event logs hold inputs and outputs of resources: secrets are masked by the engine, the rest is not for all.
        self._events.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._events.unlink(missing_ok=True)
        self._tail = EventTail(self._events)

    @property
    def pid(self) -> int:
        """The engine's process id."""
        raise NotImplementedError

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        raise NotImplementedError

    def events(self) -> Iterator[Event]:
        """Yield what it has said since the last call."""
        return self._tail.read()

    def interrupt(self) -> None:
        """Ask it to stop: it finishes the steps at work, saves its state and ends."""
        raise NotImplementedError

    def kill(self) -> None:
        """End it at once; its plugins see that it has gone, and its state may keep pending operations."""
        raise NotImplementedError

    def output_tail(self) -> str:
        """Return the end of what it printed, for a failure that no event explains."""
        raise NotImplementedError


class EngineProcess(Engine):
    """A running engine in a session of its own, so that a terminal's Ctrl-C reaches it only through us, once."""

    def __init__(
        self, session: Session, unit: str, command: Sequence[str], settings: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(session, unit)
        self._output = self._events.with_name(f"{unit}.log")
        config = session.config_file()
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [
                    str(engine_binary(session)),
                    *command,
                    *(["--config-file", str(config)] if config else []),
                    *["--event-log", str(self._events)],
                ],
                cwd=session.checkout.root,
                env=engine_environ(session, settings or {}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.poll()

    def interrupt(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        kill_group(self._process)

    def output_tail(self) -> str:
        return tail_of(self._output)


def engine_environ(session: Session, settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of an engine's process."""
    # An engine lives for seconds: memory is cheaper than collecting it. The hidden commands are --event-log and --client.
    return {"GOGC": "400", **session.environ(), **settings, "PULUMI_DEBUG_COMMANDS": "true"}


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """End the process that leads a session, and what it started in its own group, at once."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


def tail_of(output: Path) -> str:
    """Return the end of a file of output."""
    with output.open("rb") as text:
        text.seek(0, os.SEEK_END)
        text.seek(max(0, text.tell() - _TAIL_BYTES))
        return text.read().decode(errors="replace").strip()
