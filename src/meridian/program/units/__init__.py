"""One module per kind of unit."""
