"""The engine's provider protocol: what every plugin of ours speaks, whatever stands behind it."""
