"""Which TLS versions an endpoint takes: by handshakes, one that must fail and one that must not."""

from __future__ import annotations

import socket
import ssl
import warnings

from meridian.verify.catalogue import TLS
from meridian.verify.result import Checked, judged

_BELOW = {
    "1.3": (ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2),
    "1.2": (ssl.TLSVersion.TLSv1_1,),
}
_SECONDS = 5.0


def check(subject: str, host: str, port: int, minimum: str, name: str = TLS) -> Checked:
    """Return whether the versions below the minimum are refused and TLS 1.3 is taken."""
    low = {_shown(version): _handshake(host, port, version) for version in _BELOW[minimum]}
    high = _handshake(host, port, ssl.TLSVersion.TLSv1_3)
    below = " and ".join(low)
    return judged(
        name,
        subject,
        f"handshakes with only {below}, then one with only TLS 1.3",
        f"{below} refused by the server, TLS 1.3 taken",
        "; ".join(f"{version}: {answer}" for version, answer in {**low, "TLS 1.3": high}.items()),
        all(answer.startswith("refused by the server") for answer in low.values()) and high == "taken",
    )


def _shown(version: ssl.TLSVersion) -> str:
    return version.name.replace("TLSv1_", "TLS 1.")


def _handshake(host: str, port: int, version: ssl.TLSVersion) -> str:
    """Return `taken`, `refused by the server: ...`, or what else kept the handshake from being one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    # What is asked is the protocol's version; who answers is the business of other checks.
    context.verify_mode = ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    if version < ssl.TLSVersion.TLSv1_2:
        # Without it OpenSSL 3 itself would not speak the old version, and the server would never be asked.
        context.set_ciphers("DEFAULT@SECLEVEL=0")
    try:
        with (
            socket.create_connection((host, port), timeout=_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host),
        ):
            return "taken"
    except (ssl.SSLEOFError, ConnectionResetError):
        # Some servers, Python's asyncio among them, close without an alert; a dead one takes no TLS 1.3 either.
        return "refused by the server: it closed the connection"
    except ssl.SSLError as error:
        alert = "ALERT" in (error.reason or "")
        return f"refused by the server: {error.reason}" if alert else f"no handshake: {error.reason}"
    except OSError as error:
        return f"no answer: {error.strerror or type(error).__name__}"
