"""What a reviewer reads before a change is applied: one verdict, then its reasons, then the rest folded."""
