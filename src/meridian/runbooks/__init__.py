"""Runbooks per failure, made of an environment's data so that names, commands and people in them do not rot."""
