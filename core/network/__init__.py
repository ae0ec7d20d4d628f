"""NATS: the private server, the link to any server, and what stands on a link: journal shipper, lease and service."""
