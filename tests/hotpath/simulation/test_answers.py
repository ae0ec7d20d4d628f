"""How a market's words on one request become the exchange's answers."""

from letrade.hotpath.simulation.answers import arranged

TRADED, RESTS, ENDED, TRIGGERED, AMENDED = 1, 2, 3, 4, 5
ASKED, FILLED, OTHER_OF_GROUP, CUT, WAS_TRIGGERED, CUT_ON_ENTRY = 0, 1, 7, 8, 12, 13


def test_an_amend_that_trades_and_rests_is_told_after_its_trades_with_what_is_left() -> None:
    said = [(AMENDED, 7, 10, ASKED), (TRADED, 7, 4, 0), (RESTS, 7, 6, 0)]
    assert arranged(said) == [(TRADED, 7, 4, 0), (AMENDED, 7, 6, ASKED)]


def test_an_amend_that_trades_in_all_ends_after_it() -> None:
    said = [(AMENDED, 7, 4, ASKED), (TRADED, 7, 4, 0), (ENDED, 7, 0, FILLED)]
    assert arranged(said) == [(TRADED, 7, 4, 0), (AMENDED, 7, 0, ASKED), (ENDED, 7, 0, FILLED)]


def test_a_size_that_is_cut_on_entry_is_told_by_the_word_that_the_order_rests() -> None:
    assert arranged([(AMENDED, 7, 5, CUT), (RESTS, 7, 5, 0)]) == [(RESTS, 7, 5, CUT)]
    assert arranged([(AMENDED, 7, 5, CUT_ON_ENTRY), (RESTS, 7, 5, 0)]) == [(RESTS, 7, 5, 0)]


def test_an_order_that_was_triggered_and_waits_rests_for_that_reason() -> None:
    said = [(RESTS, 7, 5, 0), (TRIGGERED, 7, 5, 0), (RESTS, 7, 5, 0)]
    assert arranged(said, 7) == [(TRIGGERED, 7, 5, 0), (RESTS, 7, 5, WAS_TRIGGERED)]


def test_one_that_is_triggered_and_trades_shrinks_the_other_of_its_pair() -> None:
    said = [(TRIGGERED, 7, 5, 0), (TRADED, 7, 2, 0), (AMENDED, 8, 3, OTHER_OF_GROUP), (ENDED, 7, 3, 3)]
    assert arranged(said) == [(TRIGGERED, 7, 5, 0), (TRADED, 7, 2, 0), (ENDED, 7, 3, 3), (RESTS, 8, 3, OTHER_OF_GROUP)]


def test_a_size_that_is_cut_before_the_order_ends_is_told_just_before_the_end() -> None:
    said = [(AMENDED, 7, 5, CUT), (TRADED, 7, 5, 0), (ENDED, 7, 0, FILLED)]
    assert arranged(said) == [(TRADED, 7, 5, 0), (AMENDED, 7, 0, CUT), (ENDED, 7, 0, FILLED)]


def test_an_amend_that_is_cut_is_told_with_the_cut_size() -> None:
    said = [(AMENDED, 7, 10, ASKED), (AMENDED, 7, 5, CUT), (RESTS, 7, 5, 0)]
    assert arranged(said) == [(AMENDED, 7, 5, ASKED)]


def test_an_order_that_the_exchange_cuts_by_itself_rests_with_less() -> None:
    said = [(TRADED, 3, 2, 0), (ENDED, 3, 0, FILLED), (AMENDED, 7, 5, CUT)]
    assert arranged(said) == [(TRADED, 3, 2, 0), (ENDED, 3, 0, FILLED), (RESTS, 7, 5, CUT)]


def test_trades_of_several_orders_come_before_the_words_on_any() -> None:
    said = [(TRADED, 1, 2, 0), (ENDED, 1, 0, FILLED), (TRADED, 2, 3, 0), (RESTS, 2, 4, 0)]
    assert arranged(said) == [(TRADED, 1, 2, 0), (TRADED, 2, 3, 0), (ENDED, 1, 0, FILLED), (RESTS, 2, 4, 0)]


def test_the_order_that_came_in_is_spoken_of_last_and_each_order_once() -> None:
    said = [(AMENDED, 7, 9, ASKED), (TRADED, 7, 9, 0), (ENDED, 7, 0, FILLED), (AMENDED, 3, 2, CUT), (ENDED, 3, 2, CUT)]
    assert arranged(said, 7) == [
        (TRADED, 7, 9, 0), (AMENDED, 3, 2, CUT), (ENDED, 3, 2, CUT), (AMENDED, 7, 0, ASKED), (ENDED, 7, 0, FILLED)
    ]  # fmt: skip


def test_an_order_that_rests_and_then_ends_at_once_has_ended() -> None:
    assert arranged([(RESTS, 7, 5, 0), (ENDED, 7, 5, CUT)], 7) == [(ENDED, 7, 5, CUT)]


def test_nothing_said_is_nothing_answered() -> None:
    assert arranged([]) == []
