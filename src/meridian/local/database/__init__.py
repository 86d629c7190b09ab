"""A real database on this machine: PostgreSQL from its pip package, kept by the daemon."""
