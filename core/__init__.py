"""The runtime and the vocabulary: messages, money, clock, actors, bus, journal. Knows no actor and no strategy."""
