"""The embedded clouds: one daemon per checkout that acts like the clouds where it matters."""
