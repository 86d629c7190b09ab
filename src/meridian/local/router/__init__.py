"""Cloudflare's load balancer as a real router on loopback: follows the resources that the embedded cloud stores."""
