"""The embedded kubernetes provider: applies server-side to the local control planes through the official client."""
