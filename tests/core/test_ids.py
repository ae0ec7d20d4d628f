"""Ids are the same for the same intent for ever; chance comes from the seed and the names alone."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from letrade.core import ids


def test_ids_never_change_between_versions_of_the_program() -> None:
    assert ids.order_id("ma_cross-1", 7, 0) == "ma_cross-1.7.0"
    assert ids.message_id("risk", 2, 9) == "risk:2:9"
    assert ids.client_order_id("uid", "ma_cross-1.7.0") == "36005e658f97d96a9099f3d7c8f836c9"
    assert ids.generator(7, "feed").random() == 0.7442142135676961


@given(st.text(), st.text())
def test_a_client_order_id_fits_every_venue(uid: str, order: str) -> None:
    assert re.fullmatch(r"[0-9a-f]{32}", ids.client_order_id(uid, order))


def test_desks_with_the_same_orders_have_other_client_ids() -> None:
    assert ids.client_order_id("one", "s.1.0") != ids.client_order_id("two", "s.1.0")


def test_generators_of_other_names_or_seeds_are_independent() -> None:
    draws = [ids.generator(*names).random() for names in ((1, "a"), (1, "a", "b"), (1, "ab"), (2, "a"), (1,))]
    assert len(set(draws)) == 5
    assert ids.generator(1, "a").random() == draws[0]


def test_tokens_are_fresh_and_as_long_as_asked() -> None:
    tokens = {ids.fresh_token(8) for _ in range(100)}
    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {16}
