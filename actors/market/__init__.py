"""Market actors: what is kept and built straight from market data, books and bars."""
