"""The edge: finds a request's load balancer, steers it, carries it, tries once more where Cloudflare would."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from meridian.local.router import affinity, headers, proxy, steering, visitor
from meridian.local.router.answers import Answers
from meridian.local.router.errors import FAILOVER, SERVER, EdgeError, edge_error
from meridian.local.router.health import HealthView
from meridian.local.router.monitors import Monitors
from meridian.local.router.proxy import Body, Proxy
from meridian.local.router.resolver import Resolver
from meridian.local.router.resources import LoadBalancer, Pool, Resources
from meridian.local.router.steering import Choice, Target, World
from meridian.local.router.visitor import Visitor

POOL, ORIGIN, REASON = "Meridian-Pool", "Meridian-Origin", "Meridian-Reason"
"""Headers of an answer that say what served it and why; the real edge has no such headers."""


@dataclass
class _Session:
    """What session affinity knows of a request."""

    key: str | None
    target: Target | None


class Edge:
    """Follows resources; `scale` multiplies the times of affinity, drain and DNS."""

    def __init__(self, carrier: Proxy, monitors: Monitors, secret: bytes, scale: float = 1.0) -> None:
        self._proxy = carrier
        self._monitors = monitors
        self._secret = secret
        self._sessions, self._answers = affinity.Sessions(), Answers()
        self._pending: Counter[Target] = Counter()
        self._disabled: dict[Target, float] = {}
        self.pace(scale)
        self.resources, self.resolver = Resources(), Resolver({})
        self.served: Counter[tuple[str, str, str, int]] = Counter()
        """Answers by host name, population, origin and status."""

    def pace(self, scale: float) -> None:
        """Go by another time scale from now on."""
        self.scale = scale
        self._proxy.timeout = proxy.timeout(scale)

    def follow(self, resources: Resources, resolver: Resolver) -> None:
        """Take over what changed; requests under way end as they began."""
        off = {
            (pool.id, origin.name)
            for pool in resources.pools.values()
            for origin in pool.origins
            if not origin.enabled
        }
        self._disabled = {target: self._disabled.get(target, time.time()) for target in off}
        self.resources, self.resolver = resources, resolver
        self._monitors.follow(resources, resolver)

    async def handle(self, request: web.BaseRequest, population: str) -> web.StreamResponse:
        """Answer a visitor."""
        who = Visitor(population, ip=request.remote or "")
        ray = headers.ray_of(who)
        try:
            if named := request.headers.get(visitor.HEADER):
                who = visitor.parse(named, who.ip)
                ray = headers.ray_of(who)
            return await self._route(request, who, ray)
        except ValueError as error:
            return self._own(request, who, EdgeError(400, str(error)), ray)
        except EdgeError as error:
            return self._own(request, who, error, ray)

    def preview(self, balancer: LoadBalancer, who: Visitor) -> Choice | None:
        """Return where a new visitor would go now; where chance decides, one of the possible. Changes nothing."""
        # Close to 1, so that a pool which sheds a part of its traffic is still shown.
        return steering.choose(balancer, who, self._world(balancer), lambda: 0.999)

    def _own(self, request: web.BaseRequest, who: Visitor, error: EdgeError, ray: str) -> web.StreamResponse:
        host = request.host.partition(":")[0].lower()
        known = host if host in self.resources.balancers else "(unknown)"
        self.served[known, who.region, "", error.status] += 1
        response = error.response(ray)
        response.headers["CF-Ray"] = ray
        return response

    async def _route(self, request: web.BaseRequest, who: Visitor, ray: str) -> web.StreamResponse:
        balancer = self._balancer(request)
        world = self._world(balancer)
        body = Body(request)
        session = self._session(balancer, request)
        choice = self._choose(balancer, who, world, session)
        if choice is None:
            raise EdgeError(530, "no pool is healthy and the fallback pool is disabled or empty")
        kept = session.target == choice.target
        try:
            return await self._carry(request, body, balancer, who, choice, session, ray)
        except EdgeError as error:
            again = self._again(balancer, who, world, choice, kept, error, body)
            if again is None:
                raise
        return await self._carry(
            request, body, balancer, who, again, session, ray, keep=not kept or self._moves(balancer)
        )

    def _balancer(self, request: web.BaseRequest) -> LoadBalancer:
        host = request.host.rpartition(":")[0] if request.host.rpartition(":")[2].isdigit() else request.host
        balancer = self.resources.balancers.get(host.lower().rstrip("."))
        if "meridian" in request.headers.get("CDN-Loop", ""):
            raise EdgeError(403, "an origin sent the request back to the edge")
        if balancer is None or not balancer.enabled:
            known = ", ".join(sorted(n for n, b in self.resources.balancers.items() if b.enabled)) or "none"
            raise EdgeError(409, f"{host} is no enabled load balancer; there is {known}")
        return balancer

    def _world(self, balancer: LoadBalancer) -> World:
        drain, now = balancer.affinity.drain * self.scale, time.time()
        draining = frozenset(target for target, since in self._disabled.items() if now < since + drain)
        pools: Mapping[str, Pool] = self.resources.pools
        return World(pools, self._health(), self._pending, draining)

    def _health(self) -> HealthView:
        return self._monitors.view

    def _session(self, balancer: LoadBalancer, request: web.BaseRequest) -> _Session:
        now = time.time()
        if not balancer.proxied:
            return _Session(None, None)
        if balancer.affinity.kind in ("cookie", "ip_cookie"):
            value = affinity.cookie_of("; ".join(request.headers.getall("Cookie", [])))
            return _Session(None, affinity.unseal(balancer, value, now, self._secret) if value else None)
        if balancer.affinity.kind == "header":
            key = affinity.session_key(balancer.affinity, request.headers)
            return _Session(key, self._sessions.find(balancer, key, now) if key else None)
        return _Session(None, None)

    def _choose(self, balancer: LoadBalancer, who: Visitor, world: World, session: _Session) -> Choice | None:
        if session.target is not None:
            found = steering.pinned(balancer, who, world, session.target)
            if found is not None:
                return found
        if balancer.proxied:
            # The first origin of "ip_cookie" follows from the address alone (session-affinity).
            draw = random.Random(who.ip).random if balancer.affinity.kind == "ip_cookie" else random.random  # noqa: S311
            return steering.choose(balancer, who, world, draw)
        now = time.time()
        held = self._answers.find(balancer, who, now)
        if held is not None:
            return held
        choice = steering.choose(balancer, who, world, random.random)
        if choice is not None:
            self._answers.keep(balancer, who, choice, now + balancer.ttl * self.scale)
        return choice

    @staticmethod
    def _moves(balancer: LoadBalancer) -> bool:
        """True when a session moves along: "sticky" is not supported by header (session-affinity)."""
        return balancer.affinity.failover == "sticky" and balancer.affinity.kind != "header"

    def _again(
        self,
        balancer: LoadBalancer,
        who: Visitor,
        world: World,
        failed: Choice,
        kept: bool,
        error: EdgeError,
        body: Body,
    ) -> Choice | None:
        """Return the second and last choice for a request; None when Cloudflare would not try again."""
        if not balancer.proxied or error.status not in FAILOVER or body.started:
            return None
        if kept and balancer.affinity.failover == "none":
            return None
        return steering.again(balancer, who, world, random.random, failed)

    async def _carry(
        self,
        request: web.BaseRequest,
        body: Body,
        balancer: LoadBalancer,
        who: Visitor,
        choice: Choice,
        session: _Session,
        ray: str,
        keep: bool = True,
    ) -> web.StreamResponse:
        added = {
            "CF-Ray": ray,
            "Server": SERVER,
            POOL: choice.pool.name,
            ORIGIN: choice.origin.name,
            REASON: choice.reason,
        }
        if keep:
            added |= self._remember(balancer, session, choice)
        self._pending[choice.target] += 1
        try:
            place = self.resolver.find(choice.origin)
            sent = headers.to_origin(request, who, choice.origin.host or request.host, ray)
            if request.headers.get("Upgrade", "").lower() == "websocket":
                response = await self._proxy.bridge(request, place, sent, added)
            else:
                response = await self._proxy.carry(request, body, place, sent, added)
        except Exception as error:
            known = body.refused or edge_error(error)
            if known is None:
                raise
            raise known from error
        finally:
            self._pending[choice.target] -= 1
        self.served[balancer.hostname, who.region, choice.origin.name, response.status] += 1
        return response

    def _remember(self, balancer: LoadBalancer, session: _Session, choice: Choice) -> dict[str, str]:
        """Note where a session goes; return the cookie's header when it is new or moved."""
        kind, seconds = balancer.affinity.kind, balancer.affinity.ttl * self.scale
        if not balancer.proxied or kind == "none":
            return {}
        if kind == "header":
            if session.key is not None:
                self._sessions.keep(balancer, session.key, choice.target, time.time() + seconds)
            return {}
        if session.target == choice.target:
            return {}
        value = affinity.seal(balancer, choice.target, time.time() + seconds, self._secret)
        return {"Set-Cookie": affinity.set_cookie(balancer.affinity, value, seconds)}
