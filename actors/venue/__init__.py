"""The simulated venue: one exchange behind the same edge as the real ones."""
