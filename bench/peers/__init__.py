"""Other projects on the same data, each in a process of its own that knows nothing of Letrade: JSON in, JSON out."""
