"""Which events tell the prices of which market; for other compiled modules alone."""
