"""What a refused order would have had to be, in the words of the desk's actors."""

from __future__ import annotations

from collections.abc import Mapping

from letrade.actors.risk.rules import LIMITS_OF, shown
from letrade.core.config.desk import DeskConfig, RiskLimits
from letrade.core.instruments import Catalogue, Specification

CAPITAL, RISK, EXECUTION = "capital", "risk", "execution"
ALWAYS: Mapping[tuple[str, str], tuple[str, str]] = {
    (CAPITAL, "spot_short"): ("0", ""),
    (CAPITAL, "grid"): ("a side, tick and lot of the instrument", ""),
    (CAPITAL, "no_price"): ("a known price", "none"),
    (CAPITAL, "trigger_by"): ("last, mark or index", ""),
    (RISK, "spot_short"): ("what is held", ""),
    (RISK, "own_order"): ("no trade with ourselves", ""),
    (RISK, "amend"): ("a working order with no amend on its way", ""),
    (EXECUTION, "amend"): ("a working order", ""),
}
"""By who refused and by which rule: what was expected, and what was found where that says it all."""
NAMES = {rule.__name__: name for rule, name in LIMITS_OF.items()}
"""By rule of risk, its limit in the desk file."""


class Expectations:
    """(limit, value) of OrderRefused; '' for what only the moment of the refusal knew."""

    def __init__(self, config: DeskConfig, catalogue: Catalogue) -> None:
        self.config, self.catalogue = config, catalogue
        self._known: dict[tuple[str, str, str, str], tuple[str, str]] = {}

    def of(self, by: str, rule: str, account: str, instrument: str) -> tuple[str, str]:
        key = (by, rule, account, instrument)
        if key not in self._known:
            specification = self.catalogue.at(instrument, 0)
            limits = self.config.risk.limits_for(account, instrument)
            self._known[key] = ALWAYS.get((by, rule)) or _of_terms(by, rule, specification, limits)
        return self._known[key]


def _of_terms(by: str, rule: str, specification: Specification, limits: RiskLimits) -> tuple[str, str]:
    if by == CAPITAL:
        return (str(float(specification.price.step)), "") if rule == "tick" else ("", "")
    match rule:
        case "stale" if limits.stale_after is None:
            return "a market price", "none"
        case "rate_missing":
            return "every price and rate known", specification.currency
        case "size_min":
            return str(specification.size_min), ""
        case "notional_min":
            return shown(specification.notional_min), ""
        case "order_rate":
            return f"{limits.max_orders_per_second} a second", ""
        case _ if rule in NAMES:
            return str(getattr(limits, NAMES[rule])), ""
    return "", ""
