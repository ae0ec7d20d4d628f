"""Where profit came from, as tables of the page and as lines of a terminal."""

from __future__ import annotations

from letrade.core.analysis.split import KINDS, ProfitSplit, SplitLine
from letrade.report import shown
from letrade.report.tables import Cell, rows

COLUMNS = ("profit", *KINDS)
ALWAYS = ("profit", "price", "funding", "fees")
"""Others are left out where they are 0 everywhere."""
TRADES_ALONE = ("price", "fees")
"""A run of one strategy at one venue that has nothing else is told by its other figures."""

UNVALUED = ("not valued", "part", "by", "at")
"""What no line counts, as it had no price or rate at the run's end."""

Lines = tuple[str, tuple[str, ...], list[tuple[str, ...]]]
"""Title, headings, rows."""


def is_telling(found: ProfitSplit | None) -> bool:
    """Whether the split says more than the profit and the fees."""
    if found is None or not found.strategies:
        return False
    other = any(getattr(found.total, kind) != "0" for kind in KINDS if kind not in TRADES_ALONE)
    return other or len(found.venues) > 1 or bool(found.short_days) or bool(found.unvalued)


def columns_of(found: ProfitSplit) -> list[str]:
    """The kinds that anything was booked under."""
    lines = (found.total, *found.strategies, *found.venues)
    return [kind for kind in COLUMNS if kind in ALWAYS or any(getattr(line, kind) != "0" for line in lines)]


def page_section(found: ProfitSplit | None, currency: str) -> str:
    """By venue, by strategy, what the parts leave unexplained, and the days on which margin was short."""
    if found is None or not is_telling(found):
        return ""
    columns = columns_of(found)
    headings = ("", f"profit {currency}", *columns[1:])
    tables = [
        rows(headings, (_cells(line, columns) for line in lines), _cells(found.total, columns))
        for lines in (found.venues, found.strategies)
    ]
    days = [[Cell(account), Cell(str(len(days)), len(days)), Cell(", ".join(days))]
            for account, days in found.short_days.items()]  # fmt: skip
    short = rows(("short of margin", "days", "on"), days) if days else ""
    left = [[Cell(text) for text in line] for line in unvalued_of(found)]
    unvalued = rows(UNVALUED, left) if left else ""
    return f'{"".join(tables)}<p class="dim">{other_of(found, currency)}</p>{unvalued}{short}'


def _cells(line: SplitLine, columns: list[str]) -> list[Cell]:
    amounts = [float(getattr(line, kind)) for kind in columns]
    return [Cell(line.name), *(Cell(shown.amount(amount), amount, -1 if amount < 0 else 0) for amount in amounts)]


def other_of(found: ProfitSplit, currency: str) -> str:
    """What the parts leave of the change of equity."""
    if found.unvalued:
        return "Some amounts had no price or rate at the end: they are in no line, and are told below."
    if found.other is None:
        return "Equity is not known at both ends: whether the parts are all of it is not known."
    if found.other == "0":
        return "The parts are all of the change of equity, to the last unit."
    left = shown.amount(float(found.other), currency)
    return f"Beside them equity changed by {left}: balances that were worth more or less at other rates."


def unvalued_of(found: ProfitSplit) -> list[tuple[str, ...]]:
    """(amount with its unit, part, strategy, venue) of each amount that no line has."""
    return [(f"{each.amount} {each.unit}", each.part, each.strategy, each.venue) for each in found.unvalued]


def table_lines(found: ProfitSplit | None, currency: str) -> list[Lines]:
    """(title, headings, rows) for a terminal."""
    if found is None or not is_telling(found):
        return []
    columns = columns_of(found)
    headings = ("", f"profit {currency}", *columns[1:])
    tables: list[Lines] = [
        (title, headings, [_texts(line, columns) for line in (*lines, found.total)])
        for title, lines in (("Profit by venue", found.venues), ("Profit by strategy", found.strategies))
    ]
    if found.unvalued:
        tables.append(("Not valued: in no line above", UNVALUED, unvalued_of(found)))
    if found.short_days:
        days: list[tuple[str, ...]] = [(name, str(len(on)), ", ".join(on)) for name, on in found.short_days.items()]
        tables.append(("Short of margin", ("", "days", "on"), days))
    return tables


def _texts(line: SplitLine, columns: list[str]) -> tuple[str, ...]:
    return (line.name, *(shown.amount(float(getattr(line, kind))) for kind in columns))


def short_line(found: ProfitSplit) -> str:
    """`price 12.00, funding 300.00, fees -20.00`."""
    return ", ".join(f"{kind} {shown.amount(float(getattr(found.total, kind)))}" for kind in columns_of(found)[1:])


def days_line(found: ProfitSplit) -> str:
    """How many days of each account."""
    return ", ".join(f"{account} {len(days)}" for account, days in found.short_days.items())
