"""The liquidation monitor."""
