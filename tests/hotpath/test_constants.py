"""The small numbers of the hot path are what their twin says."""

from itertools import chain

from letrade.hotpath import constants
from tests.models.constants import Action, OrderKind, SelfTrade, Side, Status, TimeInForce, TriggerSource


def test_the_constants_are_these_and_no_others() -> None:
    enums = chain(Side, TimeInForce, Status, OrderKind, TriggerSource, SelfTrade, Action)
    expected = {member.name: member.value for member in enums}
    assert {name: value for name, value in vars(constants).items() if name.isupper()} == expected
