"""All previews of a run in one process of the real engine, where the toolchain has built it (`toolchain/go/pulumi-previews`).

An engine of its own costs every unit a quarter of a second of a core before it plans anything. Only previews share a process:
what falls with it is a plan, never a state. Previews of real environments do not: the engine sets the variables that a stack of
Pulumi Cloud names for its whole process, where another stack's providers would find them.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence

from meridian.orchestrator.engine import Engine, engine_environ, event_log, kill_group, tail_of
from meridian.orchestrator.providers_mode import Providers
from meridian.orchestrator.session import Session

# Named like its module in `meridian.toolchain.tools`, which costs an import too many here.
PROGRAM = "pulumi-previews"
# A preview that has not begun to plan does not hear that it shall stop.
_STOP_SECONDS = 2.0
_END_SECONDS = 5.0


class PreviewHost:
    """The process; it ends with its standard input, so with us, too."""

    def __init__(self, session: Session, previews: int) -> None:
        config, salt = session.config_file(), session.salt()
        self.log = event_log(session, PROGRAM).with_name(f"{PROGRAM}.log")
        self.log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    str(session.checkout.bin / PROGRAM),
                    *("-previews", str(previews)),
                    *(["-config-file", str(config)] if config else []),
                    *(["-salt", salt] if salt else []),
                ],
                cwd=session.checkout.root,
                env=engine_environ(session, {}),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)
        self._rest = b""
        self._answers: dict[str, tuple[int, str]] = {}
        self._stop_by: float | None = None

    @classmethod
    def start(cls, session: Session, previews: int) -> PreviewHost | None:
        """Start the process for so many previews; None where each must have an engine of its own.

        The toolchain builds the program only beside an engine that it has built, of the same version.
        """
        if session.providers is Providers.OFFICIAL or not (session.checkout.bin / PROGRAM).exists():
            return None
        with contextlib.suppress(
            OSError
        ):  # of another machine, or cut off: the engine beside it may still do
            return cls(session, previews)
        return None

    def ask(self, unit: str, command: Sequence[str]) -> None:
        """Begin a preview; of a process that has ended, `answer` tells."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps({"id": unit, "arguments": list(command)}).encode() + b"\n")
            self.process.stdin.flush()

    def answer(self, unit: str) -> tuple[int, str] | None:
        """Return a preview's exit code and the error that no event tells; None while it runs."""
        # Its end first: what is written before the end is then surely read.
        code = self.process.poll()
        assert self.process.stdout is not None
        *lines, self._rest = (self._rest + (self.process.stdout.read() or b"")).split(b"\n")
        for line in lines:
            told = json.loads(line)
            self._answers[told["id"]] = (int(told["code"]), str(told["error"]))
        if self._stop_by and time.monotonic() > self._stop_by:
            self.kill()
        if unit not in self._answers and code is not None:
            return code or 1, f"the engine of the previews ended (code {code}): {tail_of(self.log)}"
        return self._answers.get(unit)

    def interrupt(self) -> None:
        """Ask all previews to stop, once; what has not stopped after two seconds is ended: a preview changes nothing."""
        if self._stop_by is None and self.process.poll() is None:
            self._stop_by = time.monotonic() + _STOP_SECONDS
            self.process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """End it at once; its plugins see that it has gone."""
        kill_group(self.process)

    def close(self) -> None:
        """End it; waits for a moment, then kills."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.close()
            self.process.wait(_END_SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            self.kill()


class HostedPreview(Engine):
    """One preview in the shared process; to kill it is to kill all."""

    def __init__(self, session: Session, unit: str, command: Sequence[str], host: PreviewHost) -> None:
        super().__init__(session, unit)
        self._host = host
        self._unit = unit
        host.ask(unit, [*command, "--event-log", str(self._events)])

    @property
    def pid(self) -> int:
        return self._host.process.pid

    def poll(self) -> int | None:
        answer = self._host.answer(self._unit)
        return answer[0] if answer else None

    def interrupt(self) -> None:
        self._host.interrupt()

    def kill(self) -> None:
        self._host.kill()

    def output_tail(self) -> str:
        answer = self._host.answer(self._unit)
        return answer[1] or tail_of(self._host.log) if answer else ""
