"""The types that the plugin serves; each is imported when the first resource of it comes."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

from meridian.provider.handler import Handler

_PLACES: Mapping[str, str] = {
    "meridian:sql:Schema": "meridian.database.handler:Schemas",
    "meridian:netlify:Site": "meridian.netlify.site:Sites",
    "meridian:netlify:Deploy": "meridian.netlify.deploy:Deploys",
    "meridian:local:Netlify": "meridian.local.netlify.handler:LocalNetlify",
    "meridian:local:Database": "meridian.local.database.handler:LocalDatabases",
}
"""Type token -> `module:Class`."""


def handlers() -> dict[str, Callable[[], Handler[Any]]]:
    """Return a maker per type token."""
    return {token: _maker(place) for token, place in _PLACES.items()}


def _maker(place: str) -> Callable[[], Handler[Any]]:
    def make() -> Handler[Any]:
        module, name = place.split(":")
        made: Handler[Any] = getattr(importlib.import_module(module), name)()
        return made

    return make
