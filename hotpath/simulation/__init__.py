"""A run over recorded data in numbers alone: the tape, the simulated exchange, the desk in front of it."""
