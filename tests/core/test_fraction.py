"""Fractions read from texts are exact, and reading them writes nothing that others share."""

import fractions
from decimal import Decimal

import pytest

from letrade.core.fraction import Fraction, read_fraction

TEXTS = [*map(str, range(10)), "-7", "0.5", "1/3", "1e-10", "5e12", "123456789.000000001"]


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_read_exactly_and_what_python_shares_stays(text: str) -> None:
    assert read_fraction(text) == fractions.Fraction(text)
    assert [number for number in range(256) if bytes([number])[0] != number] == []


def test_numbers_are_taken_as_they_are() -> None:
    assert read_fraction(Decimal("0.1")) == Fraction(1, 10)
    assert read_fraction(3) == 3
    assert read_fraction(Fraction(2, 6)) == Fraction(1, 3)


@pytest.mark.parametrize("text", ["", "x", "1//2", "nan"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Fraction"):
        read_fraction(text)
