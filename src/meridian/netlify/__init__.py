"""Netlify's sites and deploys as resources of our own provider, over its official REST API."""
