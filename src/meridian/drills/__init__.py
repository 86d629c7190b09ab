"""Drills: take a part of the embedded clouds away under real traffic, measure, and judge by what the design promises."""
