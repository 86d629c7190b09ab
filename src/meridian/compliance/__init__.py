"""Compliance as data and pure functions: controls, rules' frame, exceptions, registers; knows plans, no engine."""
