"""The words in which Cloudflare refuses, and the zone that a resource belongs to."""

from __future__ import annotations

import re

from meridian.local.clouds.context import Context
from meridian.local.errors import CloudError

_ZONE = "cloudflare:index/zone:Zone"
_SUBSCRIPTION = "cloudflare:index/zoneSubscription:ZoneSubscription"
_ID = re.compile(r"[0-9a-f]{32}")


def refused(code: str, message: str) -> CloudError:
    """Return a refusal with the API's code."""
    return CloudError(code, message)


def invalid(message: str) -> CloudError:
    """Return the load balancing API's refusal of a value."""
    return CloudError("1002", f"{message}: validation failed")


def well_formed(collection: str, identifier: str) -> None:
    """Refuse an id that is none, as the API's router does; raises CloudError."""
    if not _ID.fullmatch(identifier):
        raise refused(
            "7003",
            f"Could not route to /{collection}/{identifier}, perhaps your object identifier is invalid?",
        )


def zone_name(context: Context) -> str:
    """Return the name of a resource's zone; raises CloudError for one that the account does not have."""
    identifier = str(context.inputs["zoneId"])
    well_formed("zones", identifier)
    for zone in context.others(_ZONE):
        if zone.id == identifier:
            return str(zone.outputs["name"])
    raise not_ours(identifier)


def not_ours(zone: str) -> CloudError:
    """Return the refusal of a zone that the token may not touch; one that does not exist answers the same."""
    return refused(
        "9109",
        f"Unauthorized to access requested resource; zone {zone} is none of this account's; fix: name one that is",
    )


def zone_plan(context: Context) -> str:
    """Return the plan of a resource's zone, or for what belongs to the account the least of its zones'."""
    zone = context.inputs.get("zoneId")
    plans = {
        str((each.outputs.get("ratePlan") or {}).get("id"))
        for each in context.others(_SUBSCRIPTION)
        if zone in (None, each.outputs["zoneId"])
    }
    return next((plan for plan in ("free", "pro", "business") if plan in plans), "enterprise")
