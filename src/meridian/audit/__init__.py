"""What Meridian itself writes down, as chains of digests in which a later change shows."""
