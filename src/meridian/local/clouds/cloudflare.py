"""Cloudflare: ids, what only it can tell, imports; what it refuses is in `cloudflare_rules`."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from meridian.local.clouds import cloudflare_refusals as refusals
from meridian.local.clouds import cloudflare_rules
from meridian.local.clouds.context import Context, Neighbour, hexadecimal
from meridian.local.errors import CloudError

_ZONE = "cloudflare:index/zone:Zone"
_GET_ZONE, _GET_ZONES = "cloudflare:index/getZone:getZone", "cloudflare:index/getZones:getZones"
# One of a kind in its zone: named by the zone.
_SINGLE = frozenset(
    {
        "ZoneDnssec",
        "TieredCache",
        "RegionalTieredCache",
        "AuthenticatedOriginPullsSettings",
        "ZoneSubscription",
    }
)
_UUIDS = frozenset(
    {
        "AuthenticatedOriginPullsCertificate",
        "CertificatePack",
        "ZeroTrustAccessApplication",
        "ZeroTrustAccessPolicy",
        "ZeroTrustAccessIdentityProvider",
    }
)
_REFERENCED = frozenset({"LoadBalancerPool", "LoadBalancerMonitor"})
# Their ids are names and numbers, which others spell without meaning them: a certificate's host is no use of a region.
_IMPORTED = re.compile(r"(?:(?:zones|accounts)/)?[0-9a-f]{32}/(.+)")
_NAMED = frozenset({"RegionalHostname", "LogpushJob", "LogpushOwnershipChallenge", "ZoneSetting"})
# The API takes no change of these: another zone, phase or order is another object.
_FIXED: dict[str, frozenset[str]] = {
    "Zone": frozenset({"name", "account"}),
    "CertificatePack": frozenset(
        {"certificateAuthority", "hosts", "type", "validationMethod", "validityDays", "cloudflareBranding"}
    ),
    "AuthenticatedOriginPullsCertificate": frozenset({"certificate", "privateKey"}),
    "RegionalHostname": frozenset({"hostname"}),
    "Ruleset": frozenset({"kind", "phase"}),
    "LogpushJob": frozenset({"dataset", "kind"}),
    "LogpushOwnershipChallenge": frozenset({"destinationConf"}),
    "ZoneSetting": frozenset({"settingId"}),
}


class Cloudflare:
    """One Cloudflare account, under an Enterprise contract unless a zone's subscription says otherwise."""

    def settings(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Take anything: the laptop needs no token; one that expires is a fault, `expired-token`."""
        return {}

    def scope(self, context: Context) -> str:
        """Every resource is a scope of its own: names are judged with the API's own codes."""
        return hexadecimal(16)

    def identify(self, context: Context) -> str:
        """Return 32 hexadecimal digits for most, UUIDs for certificates and Access, numbers for Logpush jobs."""
        inputs, kind = context.inputs, context.kind
        if kind in _SINGLE:
            return str(inputs["zoneId"])
        if kind in _UUIDS:
            return str(uuid4())
        match kind:
            case "ZoneSetting":
                return f"{inputs['zoneId']}/{inputs['settingId']}"
            case "RegionalHostname":
                return str(inputs["hostname"])
            case "LogpushJob":
                return str(int(hexadecimal(6), 16) + 1)
            case "LogpushOwnershipChallenge":
                return _challenge_file(inputs)
        return hexadecimal(32)

    def computed(self, context: Context, identifier: str) -> dict[str, Any]:
        """Return times and what the kind has beyond them."""
        common = dict.fromkeys(
            ("createdOn", "modifiedOn", "createdAt", "updatedAt", "lastUpdated", "commentModifiedOn"), _now()
        )
        given = {**common, "editable": True, **self._special(context, identifier)}
        return {name: value for name, value in given.items() if name in context.resource.outputs}

    def _special(self, context: Context, identifier: str) -> dict[str, Any]:
        inputs = context.inputs
        match context.kind:
            case "Zone":
                return {
                    # The simulated registrar has delegated it already; on Cloudflare it is `pending` until then.
                    "status": "active",
                    "type": "full",
                    "activatedOn": _now(),
                    "nameServers": ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"],
                    "plan": {"id": "enterprise", "legacyId": "enterprise", "name": "Enterprise Website"},
                    "verificationKey": "",
                }
            case "LoadBalancer":
                zone = next((each for each in context.others(_ZONE) if each.id == inputs["zoneId"]), None)
                return {"zoneName": zone.outputs["name"] if zone else ""}
            case "ZoneDnssec":
                return _dnssec(identifier)
            case "DnsRecord":
                return {"proxiable": inputs.get("type") in ("A", "AAAA", "CNAME")}
            case "AuthenticatedOriginPullsCertificate":
                return {"certificateId": identifier, "status": "active", "enabled": True}
            case "CertificatePack":
                return {"status": "active", "primaryCertificate": str(uuid4())}
            case "Ruleset":
                return {"version": "1"}
            case "ZeroTrustAccessApplication":
                return {"aud": hashlib.sha256(identifier.encode()).hexdigest()}
            case "ZeroTrustAccessPolicy":
                return {"reusable": True, "appCount": 0}
            case "LogpushOwnershipChallenge":
                return {"filename": identifier, "valid": True, "message": ""}
            case "ZoneSubscription":
                return {"currency": "USD", "state": "Paid"}
        return {}

    def invoke(self, token: str, arguments: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
        """Answer for a plan, which sees no account: a zone that is asked for exists, and there are no others."""
        if token == _GET_ZONE:
            return {"id": arguments.get("zoneId"), "zoneId": arguments.get("zoneId")}
        return self.ask(token, arguments, lambda _token: ())

    def ask(
        self, token: str, arguments: Mapping[str, Any], others: Callable[[str], Sequence[Neighbour]]
    ) -> dict[str, Any]:
        """Answer which zones an account has, and what one zone is."""
        zones = [{"id": each.id, "zoneId": each.id, **each.outputs} for each in others(_ZONE)]
        if token == _GET_ZONE:
            wanted = str(arguments.get("zoneId"))
            refusals.well_formed("zones", wanted)
            found = next((zone for zone in zones if zone["id"] == wanted), None)
            if found is None:
                raise refusals.not_ours(wanted)
            return found
        if token != _GET_ZONES:
            raise CloudError("NotImplemented", f"the embedded Cloudflare knows no data source {token}")
        account = (arguments.get("account") or {}).get("id")
        if account is not None:
            refusals.well_formed("accounts", str(account))
        name = arguments.get("name")
        return {
            "results": [
                zone
                for zone in zones
                if name in (None, zone["name"]) and account in (None, (zone.get("account") or {}).get("id"))
            ]
        }

    def force_new(self, token: str) -> frozenset[str]:
        """Return what cannot be changed in place; never the zone or the account."""
        return _FIXED.get(token.rsplit(":", 1)[1], frozenset()) | {"zoneId", "accountId"}

    def reference(self, text: str) -> bool:
        """No text tells by its form alone: accounts have the same form as pools."""
        return False

    def refuse(self, context: Context) -> None:
        """Refuse what the API refuses."""
        cloudflare_rules.judge(context)

    def in_use(self, token: str, identifier: str, users: Sequence[str]) -> Exception | None:
        """Return the load balancing API's own refusal, or a plain one."""
        if token.rsplit(":", 1)[1] in _NAMED:
            return None
        named = f"fix: take it out of {', '.join(users[:3])} first"
        if token.rsplit(":", 1)[1] in _REFERENCED:
            return CloudError(
                "1005", f"This object is referenced by other objects, delete them first. {named}"
            )
        return CloudError("409", f"{identifier} is in use; {named}")

    def known_as(self, token: str, identifier: str) -> str:
        """Return `<id>` of `<zone or account>/<id>` and of `zones/<zone>/<id>`."""
        # Only what begins with a zone or account: a challenge's own id is a file's path.
        imported = _IMPORTED.fullmatch(identifier)
        return imported.group(1) if imported and not token.endswith(":ZoneSetting") else identifier


def _challenge_file(inputs: Mapping[str, Any]) -> str:
    destination = str(inputs["destinationConf"]).split("?")[0]
    path = destination.split("://", 1)[-1].partition("/")[2].replace("{DATE}", "").strip("/")
    digest = hashlib.sha256(str(inputs).encode()).hexdigest()[:8]
    return "/".join(part for part in (path, f"ownership-challenge-{digest}.txt") if part)


def _dnssec(zone: str) -> dict[str, Any]:
    public = base64.b64encode(hashlib.sha512(zone.encode()).digest()).decode()
    digest = hashlib.sha256(public.encode()).hexdigest().upper()
    tag = int(digest[:4], 16)
    return {
        "algorithm": "13",
        "digest": digest,
        "digestAlgorithm": "SHA256",
        "digestType": "2",
        "ds": f"{tag} 13 2 {digest}",
        "flags": 257,
        "keyTag": tag,
        "keyType": "ECDSAP256SHA256",
        "publicKey": public,
    }


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
