"""What `pulumi up -s prod-eu` runs: the stack's name chooses the unit."""

from meridian.program.main import run

run()
