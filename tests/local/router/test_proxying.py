"""The router carries what passes through it: bodies, methods, headers, websockets, errors."""

import asyncio
import gzip
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import WSMsgType, web

from meridian.local.router import proxy

from .net import HOST, Net, pools, running

ROOT = {"Host": HOST}


def drive(
    test: Callable[[Net], Awaitable[None]], folder: Path | None = None, default: str = "ab", **rest: object
) -> None:
    async def whole() -> None:
        async with (
            asyncio.timeout(100),
            running(default, pools(*dict.fromkeys(default)), folder, **rest) as net,
        ):  # type: ignore[arg-type]
            await test(net)

    asyncio.run(whole())


async def echo(request: web.Request) -> web.StreamResponse:
    body = await request.read()
    return web.json_response(
        {"sha": hashlib.sha256(body).hexdigest(), "bytes": len(body), "headers": dict(request.headers)}
    )


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_a_large_body_passes_whole_and_is_never_held_in_one_piece(secure: bool, tmp_path: Path) -> None:
    async def test(net: Net) -> None:
        largest = 0

        async def count(request: web.Request) -> web.StreamResponse:
            nonlocal largest
            digest, total = hashlib.sha256(), 0
            async for chunk in request.content.iter_any():
                digest.update(chunk)
                total += len(chunk)
                largest = max(largest, len(chunk))
            return web.json_response([total, digest.hexdigest()])

        net.origins["a-gke"].answer = count
        piece, pieces = bytes(range(256)) * 4096, 24

        async def body() -> AsyncIterator[bytes]:
            for _ in range(pieces):
                yield piece

        async with net.client.post(f"{net.url}/", headers=ROOT, data=body()) as answer:
            assert await answer.json() == [len(piece) * pieces, hashlib.sha256(piece * pieces).hexdigest()]
        assert largest < len(piece) * pieces / 4

    drive(test, tmp_path if secure else None)


def test_an_answer_streams_chunk_by_chunk() -> None:
    async def test(net: Net) -> None:
        go = asyncio.Event()

        async def stream(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(b"first")
            await go.wait()
            await response.write(b"second")
            return response

        net.origins["a-gke"].answer = stream
        async with net.client.get(net.url, headers=ROOT) as answer:
            assert await answer.content.readany() == b"first"
            go.set()
            assert await answer.content.read() == b"second"

    drive(test)


def test_a_request_streams_chunk_by_chunk() -> None:
    async def test(net: Net) -> None:
        arrived = asyncio.Event()

        async def read(request: web.Request) -> web.StreamResponse:
            async for chunk in request.content.iter_any():
                if chunk:
                    arrived.set()
            return web.Response(text="done")

        async def body() -> AsyncIterator[bytes]:
            yield b"first"
            await arrived.wait()
            yield b"second"

        net.origins["a-gke"].answer = read
        async with net.client.post(net.url, headers=ROOT, data=body()) as answer:
            assert await answer.text() == "done"

    drive(test)


def test_a_compressed_body_is_left_as_it_is_both_ways() -> None:
    packed = gzip.compress(b"hello" * 1000)

    async def test(net: Net) -> None:
        async def same(request: web.Request) -> web.StreamResponse:
            assert await request.read() == packed
            return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

        net.origins["a-gke"].answer = same
        headers = {**ROOT, "Content-Encoding": "gzip"}
        async with net.client.post(net.url, headers=headers, data=packed) as answer:
            assert (answer.status, await answer.read()) == (200, packed)

    drive(test)


def test_head_has_the_length_and_no_body() -> None:
    async def test(net: Net) -> None:
        async with net.client.head(net.url, headers=ROOT) as answer:
            assert (answer.status, answer.headers["Content-Length"], await answer.read()) == (200, "5", b"")
        assert net.origins["a-gke"].seen == ["HEAD /"]

    drive(test)


@pytest.mark.parametrize("status", [204, 304, 301, 404, 503])
def test_every_status_of_an_origin_passes_and_is_never_tried_again(status: int) -> None:
    async def test(net: Net) -> None:
        async def answer(request: web.Request) -> web.StreamResponse:
            return web.Response(status=status, headers={"Location": "/elsewhere"} if status == 301 else {})

        for origin in net.origins.values():
            origin.answer = answer
        async with net.client.get(net.url, headers=ROOT, allow_redirects=False) as got:
            assert got.status == status
        assert (net.origins["a-gke"].seen, net.origins["b-gke"].seen) == (["GET /"], [])

    drive(test, adaptiveRouting={"failoverAcrossPools": True})


async def raw(
    net: Net, request: bytes, until: bytes = b""
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", net.port)
    writer.write(request)
    return reader, writer, await reader.readuntil(until) if until else b""


def test_a_path_passes_byte_by_byte() -> None:
    async def test(net: Net) -> None:
        path = "//a%2Fb/..%2f/%7Euser/?q=a%20b&q=%E4&empty="
        _, writer, _ = await raw(net, f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode(), b"a-gke")
        writer.close()
        assert net.origins["a-gke"].seen == [f"GET {path}"]

    drive(test)


def test_hundred_continue_is_sent_only_when_an_origin_wants_the_body() -> None:
    async def test(net: Net) -> None:
        net.origins["a-gke"].answer = echo
        head = (
            f"POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n".encode()
        )
        reader, writer, said = await raw(net, head, b"\r\n\r\n")
        assert said == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"hello")
        answer = await reader.readuntil(b"}}")
        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["bytes"] == 5
        writer.close()
        for origin in net.origins.values():
            await origin.stop()
        _, writer, said = await raw(net, head, b"\r\n\r\n")
        assert said.startswith(b"HTTP/1.1 521 ")
        writer.close()

    drive(test)


def test_the_edge_sets_its_headers_and_drops_those_of_the_hop() -> None:
    async def test(net: Net) -> None:
        net.origins["a-gke"].answer = echo
        sent = {
            **ROOT,
            "Connection": "close, X-Mine",
            "X-Mine": "1",
            "X-Theirs": "2",
            "Te": "trailers",
            "Proxy-Authorization": "Basic x",
            "CF-Connecting-IP": "203.0.113.9",
            "X-Forwarded-For": "198.51.100.1",
            "Meridian-Visitor": "WEU/DE/FRA",
            "Cookie": "a=1; __cflb=mine; b=2",
        }
        async with net.client.get(net.url, headers=sent) as answer:
            got = {name.lower(): value for name, value in (await answer.json())["headers"].items()}
            ray = answer.headers["CF-Ray"]
        assert not {"x-mine", "te", "proxy-authorization", "meridian-visitor"} & set(got)
        assert got["x-theirs"] == "2"
        assert got["host"] == HOST
        assert got["cf-connecting-ip"] == "127.0.0.1"
        assert got["x-forwarded-for"] == "198.51.100.1, 127.0.0.1"
        assert (got["cf-ipcountry"], got["cf-ray"]) == ("DE", ray)
        assert ray.endswith("-FRA")
        assert got["cookie"] == "a=1; b=2"

    drive(test)


def test_cookies_of_an_origin_all_pass() -> None:
    async def test(net: Net) -> None:
        async def two(request: web.Request) -> web.StreamResponse:
            response = web.Response()
            response.headers.add("Set-Cookie", "a=1")
            response.headers.add("Set-Cookie", "b=2")
            return response

        net.origins["a-gke"].answer = two
        async with net.client.get(net.url, headers=ROOT) as answer:
            assert answer.headers.getall("Set-Cookie") == ["a=1", "b=2"]

    drive(test)


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_a_websocket_is_bridged_with_its_protocol_its_kinds_and_its_end(secure: bool, tmp_path: Path) -> None:
    async def test(net: Net) -> None:
        async def socket(request: web.Request) -> web.StreamResponse:
            ws = web.WebSocketResponse(protocols=["v2"])
            await ws.prepare(request)
            async for message in ws:
                if message.data == "bye":
                    await ws.close(code=4001, message=b"as told")
                elif message.type is WSMsgType.TEXT:
                    await ws.send_str(message.data.upper())
                else:
                    await ws.send_bytes(message.data[::-1])
            return ws

        net.origins["a-gke"].answer = socket
        async with net.client.ws_connect(net.url, headers=ROOT, protocols=["v1", "v2"]) as ws:
            assert ws.protocol == "v2"
            await ws.send_str("hello")
            assert (await ws.receive()).data == "HELLO"
            await ws.send_bytes(b"123" * 100_000)
            assert (await ws.receive()).data == b"321" * 100_000
            await ws.send_str("bye")
            assert (await ws.receive()).type is WSMsgType.CLOSE
            assert ws.close_code == 4001

    drive(test, tmp_path if secure else None)


def test_a_refused_websocket_gets_the_origins_status() -> None:
    async def test(net: Net) -> None:
        async def refuse(request: web.Request) -> web.StreamResponse:
            return web.Response(status=403)

        net.origins["a-gke"].answer = refuse
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await net.client.ws_connect(net.url, headers=ROOT)
        assert caught.value.status == 403

    drive(test)


def test_an_answer_that_breaks_off_is_not_taken_for_whole() -> None:
    async def test(net: Net) -> None:
        async def broken(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(b"half")
            assert request.transport is not None
            request.transport.abort()
            return response

        net.origins["a-gke"].answer = broken
        with pytest.raises(aiohttp.ClientError):
            await net.get()

    drive(test)


def test_a_visitor_who_hangs_up_frees_the_origin() -> None:
    async def test(net: Net) -> None:
        ended = asyncio.Event()

        async def endless(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            try:
                while True:
                    await response.write(b"x" * 65536)
                    await asyncio.sleep(0)
            finally:
                ended.set()

        net.origins["a-gke"].answer = endless
        async with net.client.get(net.url, headers=ROOT) as answer:
            await answer.content.readany()
        await ended.wait()
        assert (await net.get("/health"))[0] == 200

    drive(test)


def test_an_origin_that_says_nothing_is_a_524_and_not_tried_again() -> None:
    async def test(net: Net) -> None:
        async def silent(request: web.Request) -> web.StreamResponse:
            await asyncio.sleep(60)
            return web.Response()

        net.origins["a-gke"].answer = silent
        status, text = await net.get()
        assert status == 524
        assert "simulated" in text
        assert net.origins["b-gke"].seen == []

    # 120 s of Cloudflare's read limit, scaled.
    drive(test, limits=0.005, adaptiveRouting={"failoverAcrossPools": True})


def test_an_origin_that_breaks_the_protocol_is_a_520() -> None:
    async def test(net: Net) -> None:
        async def rude(request: web.Request) -> web.StreamResponse:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()

        net.origins["a-gke"].answer = rude
        assert (await net.get())[0] == 520

    drive(test)


def test_an_origin_without_a_trusted_certificate_is_a_526(tmp_path: Path) -> None:
    async def test(net: Net) -> None:
        net.origins["a-gke"].tls, net.origins["b-gke"].tls = (
            net.origins["b-gke"].tls,
            net.origins["a-gke"].tls,
        )
        for origin in net.origins.values():
            await origin.stop()
            await origin.start()
        assert (await net.get())[0] == 526

    drive(test, tmp_path)


def test_an_origin_that_speaks_no_tls_is_a_525(tmp_path: Path) -> None:
    async def test(net: Net) -> None:
        origin = net.origins["a-gke"]
        await origin.stop()
        origin.tls = None
        await origin.start()
        assert (await net.get())[0] == 525

    drive(test, tmp_path)


def test_a_name_that_does_not_resolve_is_a_530_and_an_address_without_route_a_523() -> None:
    async def test(net: Net) -> None:
        for address, status in (("nowhere.invalid", 530), ("192.0.2.1", 523)):
            for each in net.inputs["pools"].values():
                each["origins"] = [{"name": "stranger", "address": address}]
                each["monitor"] = None
            net.change()
            assert (await net.get())[0] == status

    drive(test)


def test_a_host_that_is_no_load_balancer_is_a_1001_that_names_those_there_are() -> None:
    async def test(net: Net) -> None:
        status, text = await net.get(headers={"Host": "other.example.com"})
        assert status == 409
        assert "1001" in text
        assert HOST in text

    drive(test)


def test_a_place_that_does_not_exist_is_refused_with_the_fix() -> None:
    async def test(net: Net) -> None:
        status, text = await net.get(headers={"Meridian-Visitor": "XEU/DE"})
        assert status == 400
        assert "XEU/DE" in text
        assert "fix:" in text

    drive(test)


def test_more_than_the_edges_limit_is_a_413_with_and_without_a_length(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(proxy.Body.__init__, "__defaults__", (1000,))

    async def test(net: Net) -> None:
        async def body() -> AsyncIterator[bytes]:
            for _ in range(4):
                yield b"x" * 400
                await asyncio.sleep(0.01)

        net.origins["a-gke"].answer = echo
        for data in (b"x" * 1001, body()):
            async with net.client.post(net.url, headers=ROOT, data=data) as answer:
                assert answer.status == 413

    drive(test)


def test_an_origin_that_sends_the_request_back_to_the_edge_does_not_loop() -> None:
    async def test(net: Net) -> None:
        async def around(request: web.Request) -> web.StreamResponse:
            headers = {"Host": HOST, "CDN-Loop": request.headers["CDN-Loop"]}
            async with net.client.get(net.url, headers=headers) as answer:
                return web.Response(status=answer.status)

        net.origins["a-gke"].answer = around
        assert (await net.get())[0] == 403

    drive(test)


def test_more_connections_than_there_may_be_wait_and_then_are_a_522(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "CONNECTIONS_EACH", 2)

    async def test(net: Net) -> None:
        go = asyncio.Event()

        async def hold(request: web.Request) -> web.StreamResponse:
            await go.wait()
            return web.Response(text="held")

        net.origins["a-gke"].answer = hold
        held = [asyncio.create_task(net.get()) for _ in range(2)]
        while len(net.origins["a-gke"].seen) < 2:
            await asyncio.sleep(0.01)
        assert (await net.get())[0] == 522
        go.set()
        assert await asyncio.gather(*held) == [(200, "held")] * 2
        assert (await net.get())[0] == 200

    drive(test, limits=0.05)
