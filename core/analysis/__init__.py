"""What a run left behind, and the figures that are drawn from it: pure functions over columns."""
