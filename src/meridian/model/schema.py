"""JSON Schemas of the kinds of file, for editors."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from meridian.model.assumptions import AvailabilityAssumptions, Latency, Load
from meridian.model.environment import Estate
from meridian.model.prices import Prices
from meridian.model.regions import Region
from meridian.model.tables import Tables

FILES: dict[str, type[BaseModel]] = {
    "estate.schema.json": Estate,
    "region.schema.json": Region,
    "tables.schema.json": Tables,
    "latency.schema.json": Latency,
    "availability.schema.json": AvailabilityAssumptions,
    "load.schema.json": Load,
    "prices.schema.json": Prices,
}


def schema(file: str) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) that describes one kind of file."""
    body = FILES[file].model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": file, **body}


def rendered() -> dict[str, str]:
    """Return every schema file's text by its name."""
    return {file: json.dumps(schema(file), indent=2) + "\n" for file in FILES}
