"""Meridian: an enterprise estate as data, proved before it is applied."""
