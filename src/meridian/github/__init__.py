"""What the project asks of its code host, over its official REST API."""
