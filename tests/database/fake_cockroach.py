"""A stand-in for the cockroach binary, run as a program: strict about flags and certificates, no SQL engine.

What it is asked in SQL goes, after it has verified root's certificate, to the real PostgreSQL whose port lies in the file
`backend` beside it. `crash` and `deaf` in a node's folder make it end at once and ignore SIGTERM.
"""

import argparse
import asyncio
import ipaddress
import json
import signal
import socket
import ssl
import struct
import sys
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID as Use
from cryptography.x509.oid import NameOID

HERE = Path(__file__).resolve().parent


def must(holds: bool, what: str) -> None:
    if not holds:
        print(f"ERROR: {what}", file=sys.stderr, flush=True)
        raise SystemExit(1)


def verified(folder: Path, name: str, common_name: str, uses: set[x509.ObjectIdentifier]) -> x509.Certificate:
    authority = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
    found = x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes())
    found.verify_directly_issued_by(authority)
    must((folder / f"{name}.key").stat().st_mode & 0o177 == 0, f"{name}.key can be read by others")
    names = [str(each.value) for each in found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    must(names == [common_name], f"{name}.crt is of {names}")
    told = set(found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    must(told == uses, f"{name}.crt is for {told}")
    must(not (folder / "ca.key").exists(), "the authority's key lies where nodes read")
    return found


def start(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(exit_on_error=True)
    wanted = (
        "cluster-name locality join listen-addr http-addr advertise-addr certs-dir tls-cipher-suites store cache "
        "max-sql-memory max-offset external-io-dir enterprise-encryption log-config-file"
    )
    for each in wanted.split():
        parser.add_argument(f"--{each}", required=True)
    given = parser.parse_args(arguments)
    must("{" not in "".join(arguments), "a place was not filled")
    must(
        [each.split("=")[0] for each in given.locality.split(",")] == ["region", "cloud", "zone"], "locality"
    )
    must(given.listen_addr == given.advertise_addr, "whom others reach")
    must(given.listen_addr.startswith("127.0.0.1:") and given.http_addr.startswith("127.0.0.1:"), "loopback")
    must(all(each.startswith("127.0.0.1:") for each in given.join.split(",")), "join")
    must(given.cache.endswith("MiB") and int(given.cache[:-3]) >= 64, "cache")
    certificates = Path(given.certs_dir)
    node = verified(certificates, "node", "node", {Use.SERVER_AUTH, Use.CLIENT_AUTH})
    names = node.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    must(ipaddress.ip_address("127.0.0.1") in names.get_values_for_type(x509.IPAddress), "the node's names")
    store = Path(dict(part.split("=", 1) for part in given.store.split(","))["path"])
    encryption = dict(part.split("=", 1) for part in given.enterprise_encryption.split(","))
    must(encryption["path"] == str(store) and encryption["old-key"] == "plain", "encryption of another store")
    must(len(Path(encryption["key"]).read_bytes()) == 64, "the store key's length")
    must(json.loads(Path(given.log_config_file).read_text())["file-defaults"]["dir"].startswith("/"), "logs")
    store.mkdir(exist_ok=True)
    asyncio.run(serve(given, certificates, store.parent))


async def serve(given: argparse.Namespace, certificates: Path, folder: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(certificates / "node.crt", certificates / "node.key")
    with_client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with_client.load_cert_chain(certificates / "node.crt", certificates / "node.key")
    with_client.load_verify_locations(certificates / "ca.crt")
    with_client.verify_mode = ssl.CERT_REQUIRED

    async def health(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = (await reader.readline()).decode()
        ready = (folder.parent / "fake-initialised").exists() and "/health?ready=1" in line
        writer.write(f"HTTP/1.0 {'200 OK' if ready else '503 Unavailable'}\r\n\r\n".encode())
        writer.close()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while some := await reader.read(65536):
            writer.write(some)
        writer.close()

    async def sql(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, code = struct.unpack("!ii", await reader.readexactly(8))
        if code != 80877103:
            writer.close()
            return
        writer.write(b"S")
        await writer.start_tls(with_client)
        behind, to_it = await asyncio.open_connection("127.0.0.1", int((HERE / "backend").read_text()))
        await asyncio.gather(pump(reader, to_it), pump(behind, writer), return_exceptions=True)

    http_port, sql_port = (int(each.rpartition(":")[2]) for each in (given.http_addr, given.listen_addr))
    await asyncio.start_server(health, "127.0.0.1", http_port, ssl=context)
    await asyncio.start_server(sql, "127.0.0.1", sql_port)
    ended = asyncio.Event()
    ask = (lambda: None) if (folder / "deaf").exists() else ended.set
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ask)
    while not ended.is_set():
        if (folder / "crash").exists():
            (folder / "crash").unlink()
            raise SystemExit(1)
        await asyncio.sleep(0.05)
    (folder / "ended-well").touch()


def init(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser()
    for each in ("certs-dir", "host", "cluster-name"):
        parser.add_argument(f"--{each}", required=True)
    given = parser.parse_args(arguments)
    folder = Path(given.certs_dir)
    verified(folder, "client.root", "root", {Use.CLIENT_AUTH})
    host, _, port = given.host.rpartition(":")
    try:
        socket.create_connection((host, int(port)), 2).close()
    except OSError as error:
        must(False, f"cannot dial server: {error}")
    made = folder.parent / "fake-initialised"
    with (folder.parent / "fake-inits").open("a") as stream:
        stream.write("init\n")
    must(not made.exists(), "cluster has already been initialized")
    made.touch()


if __name__ == "__main__":
    command, rest = sys.argv[1], sys.argv[2:]
    if command == "version":
        print((HERE / "version").read_text() if (HERE / "version").exists() else "v26.2.5")
    elif command == "sql":
        print(json.dumps(rest))
    else:
        {"start": start, "init": init}[command](rest)
