"""What a process decided and was told, on disk before any of it shows: files of checksummed turns, and snapshots."""
