"""Runs liquidation cases: what the rules give for each, against what it is expected to give."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Any

from msgspec import Struct

from letrade.core.errors import DataError
from letrade.core.fraction import Fraction
from letrade.core.margin.calculator import MarginCalculator
from letrade.core.margin.records import Record
from letrade.core.margin.registry import FIRST_CHANGE
from letrade.core.margin.results import PositionMargin
from letrade.margin.case_accounts import Built, build
from letrade.margin.case_inputs import BOTS, Case, Unread, case_of, says_expectations
from letrade.margin.deductions import check_deductions
from letrade.margin.tier_choice import TierChoice

RELATIVE_DEFAULT = Fraction(1, 1_000_000)
"""Where a case says no tolerance."""
Progress = Callable[[], None]


class CaseResult(Struct, kw_only=True, omit_defaults=False):
    """One line of the answer. `got` null: there is no such price, and `why` says the reason; or it was refused."""

    id: str
    got: float | None
    expected: float | None = None
    error_absolute: float | None = None
    error_relative: float | None = None
    within: bool | None = None
    """Whether got is within the case's tolerance; null where nothing is expected."""
    counts: bool = True
    """Whether it decides the exit code: what a bot's own test expects does not."""
    why: str | None = None
    refused: str | None = None
    exchange: str = ""
    oracle: str = ""
    mode: str | None = None
    rules_of: str | None = None
    """The day whose rules were used."""
    rules_note: str | None = None
    """What is to be known of the inputs or the source of these rules."""
    tier: dict[str, Any] | None = None
    bankruptcy_got: float | None = None
    bankruptcy_expected: float | None = None
    notes: tuple[str, ...] = ()
    has_expectation: bool = False


def run_cases(
    rows: Sequence[Record | Unread], tiers: TierChoice, progress: Progress, date: str = FIRST_CHANGE
) -> Iterator[CaseResult]:
    """One result for each, in their order; a case that is refused does not keep the others from being run. `date` is
    that of cases which say none: recorded positions are older than the venues' last changes."""
    expects = says_expectations([row for row in rows if isinstance(row, Record)])
    for row in rows:
        yield _unread(row) if isinstance(row, Unread) else _run_or_refused(row, expects, tiers, date)
        progress()


def _run_or_refused(record: Record, expects: bool, tiers: TierChoice, date: str) -> CaseResult:
    try:
        return _run(case_of(record, expects), tiers, date)
    except DataError as error:
        return _refused(record, error)


def _unread(row: Unread) -> CaseResult:
    return CaseResult(id=row.id, got=None, refused=row.why, oracle="given")


def _refused(record: Record, error: DataError) -> CaseResult:
    name, oracle = str(record.values["id"]), str(record.values.get("oracle") or "given")
    exchange = str(record.values.get("exchange") or "")
    return CaseResult(id=name, got=None, refused=str(error), exchange=exchange, oracle=oracle, counts=oracle != BOTS)


def _run(case: Case, tiers: TierChoice, date: str) -> CaseResult:
    result = CaseResult(
        id=case.id, got=None, exchange=case.exchange, oracle=case.oracle, counts=case.counts,
        has_expectation=case.expected is not None,
    )  # fmt: skip
    if "spot" in (case.contract, case.mode):
        result.why = "spot is bought and not borrowed: nothing is liquidated"
        return _compared(result, case, None)
    built = build(case, tiers, date)
    margins = MarginCalculator(built.rules).assess(built.account)
    check_deductions(margins, built.rules, built.account, [case.fields.place] * len(margins.positions))
    found = margins.positions[0]
    price = _buffered(case, found.liquidation_price, result)
    result.got = None if price is None else float(price)
    result.why = result.why or found.liquidation_note or None
    result.mode, result.rules_of = f"{built.rules.venue} {built.rules.mode}", built.date
    result.notes, result.rules_note = built.notes, built.rules.note or None
    result.tier = _tier(built, found)
    bankrupt = case.fields.number("bankruptcy_price")
    if bankrupt is not None:
        result.bankruptcy_expected = float(bankrupt)
        result.bankruptcy_got = None if found.bankruptcy_price is None else float(found.bankruptcy_price)
    return _compared(result, case, price)


def _buffered(case: Case, price: Fraction | None, result: CaseResult) -> Fraction | None:
    """Freqtrade's own margin of safety: so much of the way from the liquidation price to the entry."""
    buffer = case.fields.number("liquidation_buffer")
    if buffer is not None and not 0 <= buffer <= 1:
        raise DataError(
            f"{case.fields.place}: liquidation_buffer: expected a share from 0 to 1, found {float(buffer):g}"
        )
    if buffer is None or price is None:
        return price
    result.why = f"with the case's buffer: {float(buffer):.1%} of the way back to the entry"
    return price + buffer * (case.position.entry - price)


def _tier(built: Built, found: PositionMargin) -> dict[str, Any]:
    rate, amount = float(found.rate), float(found.amount)
    return {"number": found.tier, "rate": rate, "amount": amount, "from": built.tiers.origin}


def _compared(result: CaseResult, case: Case, price: Fraction | None) -> CaseResult:
    wanted = case.expected
    if wanted is None:
        return result
    if wanted.price is None or price is None:
        result.expected = None if wanted.price is None else float(wanted.price)
        result.within = wanted.price is None and price is None
        return result
    error = abs(price - wanted.price)
    relative = error / abs(wanted.price) if wanted.price else error
    result.expected = float(wanted.price)
    result.error_absolute, result.error_relative = float(error), float(relative)
    if wanted.absolute is None:
        result.within = relative <= (wanted.relative if wanted.relative is not None else RELATIVE_DEFAULT)
    else:
        result.within = error <= wanted.absolute or (wanted.relative is not None and relative <= wanted.relative)
    return result


class Tally(Struct, kw_only=True):
    """The results of one kind of source."""

    exchange: str
    oracle: str
    cases: int
    computed: int
    expected: int
    within: int
    refused: int
    error_relative_median: float | None
    error_relative_max: float | None
    error_absolute_max: float | None


def tallies(results: Sequence[CaseResult]) -> list[Tally]:
    """By exchange and oracle; what venues said comes first, what bots' tests expect last."""
    keys = sorted({(not each.counts, each.exchange, each.oracle) for each in results})
    return [
        tally([each for each in results if (not each.counts, each.exchange, each.oracle) == key], key[1], key[2])
        for key in keys
    ]


def tally(results: Sequence[CaseResult], exchange: str = "all", oracle: str = "all") -> Tally:
    relative = [each.error_relative for each in results if each.error_relative is not None]
    absolute = [each.error_absolute for each in results if each.error_absolute is not None]
    return Tally(
        exchange=exchange,
        oracle=oracle,
        cases=len(results),
        computed=sum(each.got is not None for each in results),
        expected=sum(each.has_expectation for each in results),
        within=sum(each.within is True for each in results),
        refused=sum(each.refused is not None for each in results),
        error_relative_median=median(relative) if relative else None,
        error_relative_max=max(relative, default=None),
        error_absolute_max=max(absolute, default=None),
    )


def failed(results: Sequence[CaseResult]) -> list[CaseResult]:
    """Those that a venue's own word decides, and that are not within their tolerance."""
    return [each for each in results if each.counts and each.within is False]


def summary_of(results: Sequence[CaseResult]) -> dict[str, Any]:
    """Counts of all that a venue's word decides, of what bots' tests expect, and by exchange."""
    deciding, beside = ([each for each in results if each.counts is counts] for counts in (True, False))
    return {
        "decides": tally(deciding),
        "beside": tally(beside),
        "failed": [each.id for each in failed(results)],
        "refused": [each.id for each in results if each.refused is not None],
        "by_exchange": tallies(results),
    }
