"""The runtime and the vocabulary: messages, subjects, money, clock, actors, bus, journal. Knows no actor and no strategy."""
