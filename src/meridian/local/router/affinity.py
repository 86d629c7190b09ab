"""Session affinity: a signed cookie, or a table by header; pure, with a clock given."""

from __future__ import annotations

import base64
import hmac
import json
from collections import OrderedDict
from collections.abc import Mapping
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie

from meridian.local.router.resources import Affinity, LoadBalancer
from meridian.local.router.steering import Target

COOKIE = "__cflb"
_MAC_BYTES = 16
_SESSIONS = 100_000


def seal(balancer: LoadBalancer, target: Target, expires: float, key: bytes) -> str:
    """Return a cookie's value that holds where a session goes and until when (seconds of the caller's clock)."""
    body = json.dumps([balancer.id, *target, round(expires, 3)], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_mac(key, body) + body).decode().rstrip("=")


def unseal(balancer: LoadBalancer, value: str, now: float, key: bytes) -> Target | None:
    """Return where a session goes; None for a cookie that is not ours, of another load balancer or past its time."""
    try:
        raw = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except ValueError:
        return None
    mac, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(key, body)):
        return None
    owner, pool, origin, expires = json.loads(body)
    return (pool, origin) if owner == balancer.id and now < expires else None


def cookie_of(header: str) -> str:
    """Return the affinity cookie of a request's Cookie header; empty without one."""
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def without_cookie(header: str) -> str:
    """Return a Cookie header without the affinity cookie, which is the router's own business."""
    parts = [part.strip() for part in header.split(";")]
    return "; ".join(part for part in parts if part and not part.startswith(f"{COOKIE}="))


def set_cookie(affinity: Affinity, value: str, seconds: float) -> str:
    """Return the Set-Cookie header; HttpOnly always (session-affinity-by-cookie-process)."""
    secure = "; Secure" if affinity.secure else ""
    return (
        f"{COOKIE}={value}; SameSite={affinity.samesite}{secure}; path=/; Max-Age={round(seconds)}; HttpOnly"
    )


def session_key(affinity: Affinity, headers: Mapping[str, str]) -> str | None:
    """Return the key of a session by header; None when the request has not the headers that it takes."""
    found = []
    for name in affinity.headers:
        header, _, cookies = name.partition(":")
        value = headers.get(header)
        if value is not None and cookies:
            wanted = {each.strip() for each in cookies.split(",")}
            value = ";".join(
                f"{n}={c.value}" for n, c in sorted(SimpleCookie(value).items()) if n in wanted
            ) or None  # fmt: skip
        found.append((name, value))
    present = [pair for pair in found if pair[1] is not None]
    if not present or (affinity.require_all and len(present) < len(found)):
        return None
    return sha256(json.dumps(present).encode()).hexdigest()


class Sessions:
    """Sessions by header, which end when they are not used for the affinity's time; at most 100,000."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], tuple[Target, float]] = OrderedDict()

    def find(self, balancer: LoadBalancer, key: str, now: float) -> Target | None:
        """Return where a session goes."""
        found = self._kept.get((balancer.id, key))
        return found[0] if found and now < found[1] else None

    def keep(self, balancer: LoadBalancer, key: str, target: Target, until: float) -> None:
        """Note where a session goes, and until when if nobody uses it."""
        self._kept[balancer.id, key] = (target, until)
        self._kept.move_to_end((balancer.id, key))
        if len(self._kept) > _SESSIONS:
            self._kept.popitem(last=False)


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, body, "sha256")[:_MAC_BYTES]
