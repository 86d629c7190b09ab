"""CockroachDB on this machine: as many processes as the estate has nodes, kept by the daemon."""
