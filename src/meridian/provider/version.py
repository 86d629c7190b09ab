"""The plugin's version."""

from __future__ import annotations

VERSION = "0.1.0"
"""Kept in every state; changed when a stored shape changes, never for a release alone."""
