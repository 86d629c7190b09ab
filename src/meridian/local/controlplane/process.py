"""Child processes that never outlive their parent, with a log each."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from pathlib import Path

_LOG_BYTES = 5_000_000
_STEADY_SECONDS = 60.0
# The kernel ends the child when the thread that started it ends (PR_SET_PDEATHSIG = 1, SIGKILL = 9), whatever
# becomes of the parent; elsewhere than on Linux there is no such call and `stop` alone must do.
_GUARD = (
    "import os, sys\n"
    "if sys.platform == 'linux':\n"
    "    import ctypes\n"
    "    ctypes.CDLL(None).prctl(1, 9)\n"
    "    os.getppid() == int(sys.argv[1]) or os._exit(1)\n"
    "os.execv(sys.argv[2], sys.argv[2:])\n"
)

_requests: queue.SimpleQueue[tuple[list[str], Path, dict[str, str], Future[subprocess.Popen[bytes]]]] = (
    queue.SimpleQueue()
)
_starter_lock = threading.Lock()
_starter: threading.Thread | None = None


def _start_all() -> None:
    while True:
        command, log, environment, answer = _requests.get()
        try:
            with log.open("ab") as stream:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=stream,
                    stderr=subprocess.STDOUT,
                    env=environment,
                    start_new_session=True,
                )
        except OSError as error:
            answer.set_exception(error)
        else:
            answer.set_result(process)


def small_heap() -> dict[str, str]:
    """Return the environment of a Go program that collects earlier: six control planes fit in a few GiB."""
    return {**os.environ, "GOGC": "50", "GOMAXPROCS": "2"}


class Child:
    """One supervised program; restarted when it ends by itself, at most five times in a row within a minute each."""

    def __init__(self, name: str, command: list[str], log: Path, environment: dict[str, str]) -> None:
        self.name = name
        self._command = command
        self.log = log
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._restarts = 0
        self._started = 0.0

    @property
    def alive(self) -> bool:
        """True while the program runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The process id."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the program and watch it."""
        self._stopping.clear()
        self._process = self._spawn()
        threading.Thread(target=self._watch, daemon=True).start()

    def stop(self, grace_seconds: float = 3.0, ask: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to end, then end it."""
        self._stopping.set()
        process = self._process
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(ask)
        try:
            process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def freeze(self) -> None:
        """Stop its clock: the kernel goes on to take connections for it, and nobody answers them. `stop` still ends it."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGSTOP)

    def last_lines(self, count: int = 6) -> str:
        """Return the end of its log."""
        try:
            lines = self.log.read_text(errors="replace").splitlines()
        except OSError:
            return "(no log)"
        return "\n".join(lines[-count:])

    def _spawn(self) -> subprocess.Popen[bytes]:
        global _starter
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > _LOG_BYTES:
            self.log.replace(self.log.with_suffix(".old.log"))
        with _starter_lock:
            # One thread that never ends starts them all: the death signal follows the starting thread.
            if _starter is None:
                _starter = threading.Thread(target=_start_all, daemon=True)
                _starter.start()
        answer: Future[subprocess.Popen[bytes]] = Future()
        guarded = [sys.executable, "-S", "-E", "-c", _GUARD, str(os.getpid()), *self._command]
        self._started = time.monotonic()
        _requests.put((guarded, self.log, self._environment, answer))
        return answer.result(30)

    def _watch(self) -> None:
        while not self._stopping.is_set():
            process = self._process
            if process is None:
                return
            process.wait()
            if time.monotonic() - self._started > _STEADY_SECONDS:
                self._restarts = 0
            if self._stopping.is_set() or self._restarts >= 5:
                return
            self._restarts += 1
            if self._stopping.wait(0.5 * 2**self._restarts):
                return
            self._process = self._spawn()
