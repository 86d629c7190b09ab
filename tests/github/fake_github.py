"""A local HTTP server that acts like the code host's API where a comment's poster can go wrong."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlparse

TOKEN = "t0ken"


@dataclass
class FakeGitHub:
    """Comments of pull request 7 of o/r; `script` holds answers that come before the honest one."""

    comments: list[dict[str, Any]] = field(default_factory=list)
    script: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    vanish: int = 0
    """So many PATCHes find their comment deleted by somebody else."""
    lost_replies: int = 0
    """So many POSTs are done and their connection then breaks."""
    next_id: int = 1
    url: str = ""

    def add(self, body: str) -> dict[str, Any]:
        made = {"id": self.next_id, "body": body, "html_url": f"{self.url}/c/{self.next_id}"}
        self.next_id += 1
        self.comments.append(made)
        return made

    def bodies(self) -> list[str]:
        return [each["body"] for each in self.comments]


@contextmanager
def serving(fake: FakeGitHub) -> Iterator[FakeGitHub]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def answer(self, status: int, content: Any = None, headers: dict[str, str] | None = None) -> Any:
            raw = json.dumps(content).encode() if content is not None else b""
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def handle_any(self) -> Any:
            parsed = urlparse(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            sent = json.loads(self.rfile.read(length)) if length else {}
            fake.requests.append(f"{self.command} {parsed.path}")
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                return self.answer(401, {"message": "Bad credentials"})
            if fake.script:
                status, headers = fake.script.pop(0)
                return self.answer(status, {"message": "scripted"}, headers)
            if parsed.path == "/repos/o/r/issues/7/comments":
                if self.command == "POST":
                    made = fake.add(sent["body"])
                    if fake.lost_replies:
                        fake.lost_replies -= 1
                        self.close_connection = True
                        return None
                    return self.answer(201, made)
                query = parse_qs(parsed.query)
                size, page = int(query.get("per_page", ["30"])[0]), int(query.get("page", ["1"])[0])
                shown = fake.comments[(page - 1) * size : page * size]
                more = len(fake.comments) > page * size
                link = (
                    {"Link": f'<{fake.url}{parsed.path}?per_page={size}&page={page + 1}>; rel="next"'}
                    if more
                    else {}
                )
                return self.answer(200, shown, link)
            number = parsed.path.rsplit("/", 1)[-1]
            found = next((each for each in fake.comments if str(each["id"]) == number), None)
            if found and self.command == "PATCH" and fake.vanish:
                fake.vanish -= 1
                fake.comments.remove(found)
                found = None
            if found is None:
                return self.answer(404, {"message": "Not Found"})
            if self.command == "DELETE":
                fake.comments.remove(found)
                return self.answer(204)
            found["body"] = sent["body"]
            return self.answer(200, found)

        do_GET = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815 - the standard library's names

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
