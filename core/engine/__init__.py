"""CoreEngine: builds a desk from its configuration, starts, supervises, drains and stops it."""
