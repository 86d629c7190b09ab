"""The one process behind a checkout's embedded clouds: `python -m meridian.local.daemon ROOT`."""

from __future__ import annotations

import hmac
import json
import logging
import logging.handlers
import os
import secrets
import signal
import socketserver
import sys
import threading
from pathlib import Path
from typing import Any

from meridian.files import write_private
from meridian.local import rendezvous
from meridian.local.errors import LocalError, UnknownNameError
from meridian.local.operations import Operations

_LOG = logging.getLogger("meridian.local")
_LOG_BYTES, _LOG_FILES = 5_000_000, 3
_LOOK_SECONDS = 1.0


class _Connection(socketserver.StreamRequestHandler):
    """One caller: lines of JSON; what was served to it ends when it hangs up."""

    server: _Server

    def handle(self) -> None:
        """Answer until the caller hangs up."""
        endings = []
        try:
            for line in self.rfile:
                answer, end = self._answer(line)
                if end is not None:
                    endings.append(end)
                self.wfile.write(json.dumps(answer).encode() + b"\n")
                self.wfile.flush()
        except OSError:
            pass
        finally:
            for end in endings:
                end()

    def _answer(self, line: bytes) -> tuple[dict[str, Any], Any]:
        try:
            request = json.loads(line)
            if not hmac.compare_digest(str(request.pop("token", "")), self.server.token):
                return {"error": "the token is wrong; fix: use the command line of this checkout"}, None
            operation = request.pop("operation")
            if operation == "provider":
                port, end = self.server.operations.serve(
                    request["cloud"], request["mode"], request["environment"]
                )
                return {"result": port}, end
            return {"result": self.server.operations.call(operation, request)}, None
        except LocalError as error:
            return {"error": str(error), "usage": isinstance(error, UnknownNameError)}, None
        except Exception as error:
            _LOG.exception("answering")
            return {"error": f"{type(error).__name__}: {error}; fix: see `meridian local logs`"}, None


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, operations: Operations, token: str) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.operations, self.token = operations, token


def _announce(local: Path, port: int, token: str) -> Path:
    pid = os.getpid()
    announcement = {
        "pid": pid,
        "started": rendezvous.started_at(pid),
        "port": port,
        "token": token,
        "code": rendezvous.code_digest(),
    }
    return write_private(local / "daemon.json", json.dumps(announcement))


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def main(root: Path) -> None:
    """Serve until told to stop."""
    local = root / ".meridian" / "local"
    local.mkdir(parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(
        local / "daemon.log", maxBytes=_LOG_BYTES, backupCount=_LOG_FILES
    )
    logging.basicConfig(
        handlers=[handler], level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    try:
        operations = Operations(root)
    except LocalError as error:
        # Whoever starts this process shows its last line.
        sys.exit(str(error))
    token = secrets.token_urlsafe(32)
    server = _Server(operations, token)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: operations.ending.set())
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True).start()
    file = _announce(local, server.server_address[1], token)
    _LOG.info("serving %s on port %d", root, server.server_address[1])
    threading.Thread(target=operations.restore, daemon=True).start()
    operations.edge.start()
    mine = token.encode()
    while not operations.ending.wait(_LOOK_SECONDS):
        if mine not in _content(file):
            # Lost with its folder, or overwritten: nobody finds this process any more, and another may have begun.
            _LOG.warning("%s does not announce this process any more: ending", file)
            break
    server.shutdown()
    operations.close()
    if mine in _content(file):
        file.unlink(missing_ok=True)
    _LOG.info("ended")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
