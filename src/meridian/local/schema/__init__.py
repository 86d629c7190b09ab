"""What the installed Python SDKs declare, read from their text without importing them."""

from meridian.local.schema.store import SchemaStore, sdk_version
from meridian.local.schema.types import Field, ResourceType, Shape

__all__ = ["Field", "ResourceType", "SchemaStore", "Shape", "sdk_version"]
