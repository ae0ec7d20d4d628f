"""BacktestEngine: a backtest that another program builds, from tables, arrays and strategy classes, and looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from letrade.assembly import assemble, without_venues
from letrade.backtest import EngineName, Progress
from letrade.backtesting.array_checks import check_chunk, check_offsets, choices, same_length, units, whole_numbers
from letrade.backtesting.arrays import ArraysConfig, ArraysFeed, whole_chunk
from letrade.backtesting.comparing import Difference
from letrade.backtesting.running import Finished, Variants, run_desk, variants, verify
from letrade.core.actor import Actor
from letrade.core.analysis.record import RunRecord
from letrade.core.config.check import Checker
from letrade.core.config.describe import did_you_mean
from letrade.core.config.desk import ActorEntry, DeskConfig, FeedEntry
from letrade.core.config.problems import Problems
from letrade.core.data.columns import BarRows, IntArray, Kind, LevelRows, QuoteRows, Rows, TradeRows
from letrade.core.engine.blueprint import instrument_message
from letrade.core.errors import ConfigurationError, UsageError
from letrade.core.instruments import Specification

ARRAYS = "letrade.backtesting.arrays.ArraysFeed"


class BacktestEngine:
    """A desk and its data.

    `desk` is a whole DeskConfig, the names of desk files, or tables as a desk file has them::

        engine = BacktestEngine({
            "venue": [{"name": "binance", "order_latency": "1ms"}],
            "instrument": [{"name": "binance.BTC-USDT_USDT", "tick": "0.1", "lot": "0.001"}],
            "account": [{"name": "paper", "venue": "binance", "balances": {"USDT": "1000000"}}],
        })
        engine.add_quotes("binance.BTC-USDT_USDT", time_ns, bid, bid_size, ask, ask_size)
        engine.add_strategy(MyStrategy, "mine", instrument="binance.BTC-USDT_USDT", account="paper")
        print(engine.run()["pnl"])

    Arrays are copied: a program may use its own again. Times are int64 ns UTC that never fall; prices and sizes are
    floats of the instrument's grid. Arrays that are not so, or not of one length, are a DataError that names the
    argument and the row. `run` may be called again: each run begins anew.
    """

    def __init__(self, desk: DeskConfig | str | Path | Sequence[str | Path] | Mapping[str, Any]) -> None:
        if isinstance(desk, DeskConfig):
            self.config = desk
        elif isinstance(desk, Mapping):
            self.config = assemble([], {}, extra=desk)
        else:
            self.config = assemble(desk, {})
        self._finished: Finished | None = None
        self._run_for_ns: int | None = None

    def add_strategy(self, actor: type[Actor], name: str, **keys: Any) -> None:
        """Any actor class, with the keys of its Config. ConfigurationError for keys that it does not take."""
        if any(entry.name == name for entry in self.config.actors):
            raise ConfigurationError(f"the desk has an actor {name!r} already")
        try:
            config = msgspec.convert(keys, actor.Config)
        except msgspec.ValidationError as error:
            raise ConfigurationError(f"{name}: {error}") from error
        account, known = getattr(config, "account", None), [each.name for each in self.config.accounts]
        if isinstance(account, str) and account not in known:
            hint = did_you_mean(account, known) or f": expected one of {', '.join(known)}"
            raise ConfigurationError(f"{name}: account: there is no account {account!r}{hint}")
        entry = ActorEntry(name=name, path=f"{actor.__module__}.{actor.__qualname__}", actor_class=actor, config=config)
        self.config = msgspec.structs.replace(self.config, actors=[*self.config.actors, entry])

    def add_quotes(
        self, instrument: str, time: Any, bid: Any, bid_size: Any, ask: Any, ask_size: Any, venue_time: Any = None
    ) -> None:
        """The best prices and their sizes; 0 and 0 where a side is empty."""
        rules = self._rules(instrument)
        rows = QuoteRows(
            _prices(bid, rules, "bid"), _sizes(bid_size, rules, "bid_size"), _prices(ask, rules, "ask"),
            _sizes(ask_size, rules, "ask_size"),
        )  # fmt: skip
        self._add(Kind.QUOTES, instrument, time, rows, venue_time)

    def add_trades(self, instrument: str, time: Any, price: Any, size: Any, side: Any, venue_time: Any = None) -> None:
        """`side` is +1 where the buyer took, -1 the seller, 0 unknown."""
        rules = self._rules(instrument)
        sides = choices(side, "side", (-1, 0, 1))
        rows = TradeRows(
            _prices(price, rules, "price"), _sizes(size, rules, "size"), sides, np.zeros(len(sides), dtype=np.int64)
        )
        self._add(Kind.TRADES, instrument, time, rows, venue_time)

    def add_bars(
        self, instrument: str, start: Any, end: Any, open: Any, high: Any, low: Any, close: Any, volume: Any
    ) -> None:
        """Bars of [start, end), told to strategies at their end."""
        rules = self._rules(instrument)
        told = {"open": open, "high": high, "low": low, "close": close}
        prices = [_prices(values, rules, name) for name, values in told.items()]
        begun = whole_numbers(start, "start")
        rows = BarRows(begun, prices[0], prices[1], prices[2], prices[3], _sizes(volume, rules, "volume"))
        self._add(Kind.BARS, instrument, end, rows, None)

    def add_levels(
        self, instrument: str, time: Any, offset: Any, side: Any, price: Any, size: Any, snapshot: Any,
        venue_time: Any = None,
    ) -> None:  # fmt: skip
        """Events of changed levels: event k has the levels offset[k] to offset[k + 1], side +1 bids, -1 asks; a size of
        0 removes one; `snapshot` is 1 where an event is the whole book, as the first must be."""
        rules = self._rules(instrument)
        events = np.arange(1, len(whole_numbers(time, "time")) + 1, dtype=np.int64)
        rows = LevelRows(
            whole_numbers(offset, "offset"), choices(snapshot, "snapshot", (0, 1)), events, events, events - 1,
            choices(side, "side", (-1, 1)), _prices(price, rules, "price"), _sizes(size, rules, "size"),
        )  # fmt: skip
        self._add(Kind.LEVELS, instrument, time, rows, venue_time)

    def run(
        self, engine: EngineName = "auto", *, progress: Progress | None = None, run_for_ns: int | None = None
    ) -> dict[str, Any]:
        """The summary: orders, fills, fees, balances, pnl, result_hash, engine and more."""
        self._check()
        self._run_for_ns = run_for_ns
        self._finished = run_desk(self.config, engine, progress=progress, run_for_ns=run_for_ns, records=True)
        return self._finished.summary

    def verify(self, run_for_ns: int | None = None) -> list[Difference]:
        """Run both engines; where they part, nothing when they do not."""
        self._check()
        return verify(self.config, run_for_ns)[1]

    def record(self) -> RunRecord:
        """Orders, fills, equity and prices of the last run as columns. UsageError before the first."""
        if self._finished is None:
            raise UsageError("there is no record before the first run")
        return self._finished.record()

    def report(self, folder: str | Path, *, all_fills: bool = False) -> Path:
        """Write the last run's report; the path of its page. `all_fills`: try optimistic and pessimistic ones too."""
        from letrade.report.writer import write_report

        record = self.record()
        engine: EngineName = "compiled" if record.settings.engine == "compiled" else "actors"
        others = variants(self.config, engine, self._run_for_ns) if all_fills and self._is_whole() else Variants({})
        return write_report(Path(folder), record, others.records, incomplete=others.incomplete)

    def _check(self) -> None:
        """ConfigurationError for what a desk file of the same desk would be refused for; not before a run, as what is
        added may name what is added after it."""
        problems = Problems()
        Checker(without_venues(self.config), problems).run()
        problems.raise_if_any()

    def _is_whole(self) -> bool:
        """Nothing is to be compared with a run that Ctrl-C ended."""
        return self._finished is not None and not self._finished.summary.get("incomplete")

    def _rules(self, instrument: str) -> Specification:
        for each in self.config.instruments:
            if each.name == instrument:
                return Specification(instrument_message(each))
        raise ConfigurationError(f"the desk has no instrument {instrument!r}: add it to its tables")

    def _add(self, kind: Kind, instrument: str, time: Any, rows: Rows, venue_time: Any) -> None:
        rules, of = self._rules(instrument), "end" if kind == Kind.BARS else "time"
        times = whole_numbers(time, of)
        _check_lengths(len(times), of, rows)
        config = ArraysConfig(
            kind=kind,
            instrument=instrument,
            time=times,
            rows=rows,
            venue_time=None if venue_time is None else whole_numbers(venue_time, "venue_time"),
            price_decimals=rules.price.decimals,
            size_decimals=rules.size.decimals,
        )
        if config.venue_time is not None:
            same_length(len(times), of, venue_time=config.venue_time)
        name = f"{kind}-{len(self.config.feeds) + 1}"
        check_chunk(f"the arrays of {name}", whole_chunk(config), rules.price.decimals, rules.size.decimals)
        entry = FeedEntry(name=name, path=ARRAYS, feed_class=ArraysFeed, config=config)
        self.config = msgspec.structs.replace(self.config, feeds=[*self.config.feeds, entry])


def _prices(values: Any, rules: Specification, what: str) -> IntArray:
    return units(values, rules.price.decimals, what, rules.price.step_units)


def _sizes(values: Any, rules: Specification, what: str) -> IntArray:
    return units(values, rules.size.decimals, what)


def _check_lengths(count: int, of: str, rows: Rows) -> None:
    columns = rows._asdict()
    columns.pop("trade_id", None)  # made as long as the sides
    if isinstance(rows, LevelRows):
        same_length(len(rows.price), "price", side=rows.side, size=rows.size)
        check_offsets(rows.offset, count, len(rows.price))
        columns = {"snapshot": rows.snapshot}
    same_length(count, of, **columns)
