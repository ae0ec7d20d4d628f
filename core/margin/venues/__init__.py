"""The margin rules of each venue, with their sources."""
