"""The margin calculator for people: reads positions and tiers, asks core/margin, and says what came out."""
