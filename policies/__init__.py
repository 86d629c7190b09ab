"""Compliance as code: the rules, their mutants and their data; the frame is `meridian.compliance`."""
