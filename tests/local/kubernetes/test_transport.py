"""A refusal of the API server reaches the provider without a traceback being formatted on the way."""

from __future__ import annotations

import json
import threading
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from kubernetes.client import Configuration
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic import DynamicClient

from meridian.local.kubernetes.discovery import OnDemandDiscoverer
from meridian.local.kubernetes.transport import Client, asked


class _Refusing(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"kind": "Status", "code": 403, "reason": "Forbidden"}).encode()
        self.send_response(403)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def client() -> Iterator[DynamicClient]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = Configuration()
    settings.host = f"http://127.0.0.1:{server.server_port}"
    yield DynamicClient(Client(settings), discoverer=OnDemandDiscoverer)
    server.shutdown()
    server.server_close()


def test_a_refusal_keeps_its_status_and_body_and_formats_no_traceback(
    client: DynamicClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def formatted(*_: object, **__: object) -> list[str]:
        raise AssertionError("a traceback was formatted")

    monkeypatch.setattr(traceback, "format_tb", formatted)
    with pytest.raises(ApiException) as refused:
        asked(lambda: client.request("get", "/api/v1/namespaces/none", serialize=False))
    assert refused.value.status == 403
    assert json.loads(refused.value.body)["reason"] == "Forbidden"
    with pytest.raises(ApiException):
        client.resources.get(api_version="v1", kind="Namespace")
