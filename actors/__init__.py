"""The desk's actors, one folder each; they meet only in messages."""
