"""Runs the units of an environment on the Pulumi engine, one stack each, and merges what they say."""
