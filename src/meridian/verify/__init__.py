"""Checks on what runs: each does something and looks at what comes of it, instead of reading a setting."""
