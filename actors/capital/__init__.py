"""Capital: what strategies want becomes sized orders within what they may use."""
