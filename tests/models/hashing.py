"""The hash of a list of int64 words, as the compiled books compute it."""

from collections.abc import Iterable

START = 0x1B873593
FACTOR = 0x9E3779B97F4A7C15
WORD = 1 << 64


def hash_words(words: Iterable[int]) -> int:
    state = START
    for word in words:
        state = (state ^ (word % WORD)) * FACTOR % WORD
        state ^= state >> 32
    return state
