"""The leverage manager."""
