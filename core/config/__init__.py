"""The configuration of a desk: TOML files and environment overrides in, one checked and frozen DeskConfig out."""
