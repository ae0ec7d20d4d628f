"""Order-flow imbalance at the best prices, summed over each bar."""

from __future__ import annotations

from typing import Any

from letrade.core.actor import Actor, ActorConfig, Context
from letrade.core.config.values import PositiveDuration
from letrade.core.messages.base import Message
from letrade.core.messages.features import Features
from letrade.core.messages.market import Bar, Quote
from letrade.core.stage import Stage
from letrade.hotpath.rolling import OrderFlow


class OrderFlowConfig(ActorConfig, frozen=True, kw_only=True):
    """Of which instruments (none named: all), and at the end of which bars (none named: any)."""

    instruments: tuple[str, ...] = ()
    bar: PositiveDuration | None = None


class OrderFlowImbalance(Actor):
    """Publishes `ofi`, in base units, with each bar: above 0, buyers came or sellers left at the best prices.

    Counts each change of the best prices once, in the first bar that ends after it (Cont, Kukanov, Stoikov 2014).
    """

    stage = Stage.FEATURE
    Config = OrderFlowConfig

    def __init__(self, name: str, config: OrderFlowConfig, context: Context) -> None:
        super().__init__(name, config, context)
        self.flows: dict[str, OrderFlow] = {}
        self.bars: dict[str, int] = {}
        """Bars so far."""

    def wants(self, kind: type[Message], instrument: str, strategy: str) -> bool:
        return not self.config.instruments or instrument in self.config.instruments

    def on_quote(self, quote: Quote) -> None:
        """An empty side is no price to compare with: the next whole quote begins anew."""
        flow = self.flows.get(quote.instrument)
        if flow is None:
            flow = self.flows[quote.instrument] = OrderFlow()
        if quote.bid > 0.0 and quote.ask > 0.0:
            flow.add(quote.bid, quote.bid_size, quote.ask, quote.ask_size)
        else:
            flow.part()

    def on_bar(self, bar: Bar) -> None:
        if self.config.bar not in (None, bar.end - bar.start):
            return
        flow = self.flows.get(bar.instrument)
        if flow is None:
            return
        self.bars[bar.instrument] = count = self.bars.get(bar.instrument, 0) + 1
        self.publish(
            Features(
                instrument=bar.instrument, feature_set=self.name, names=("ofi",), values=(flow.sum,),
                price=bar.close, bar_end=bar.end, count=count,
            )
        )  # fmt: skip
        flow.reset()

    def state(self) -> Any:
        return [[name, flow.state(), self.bars.get(name, 0)] for name, flow in self.flows.items()]

    def restore(self, state: Any) -> None:
        for name, kept, count in state:
            flow = self.flows[name] = OrderFlow()
            flow.restore(kept)
            if count:
                self.bars[name] = count
