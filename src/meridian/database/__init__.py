"""Brings a database to its desired schema: `meridian:sql:Schema`, a resource with a ledger, a plan and drift."""
