"""The fixtures of this folder."""

from fake_machine import machine, said

__all__ = ["machine", "said"]
