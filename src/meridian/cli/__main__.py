"""`python -m meridian.cli`: the same as the command `meridian`."""

from meridian.cli import main

main()
