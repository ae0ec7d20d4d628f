"""What the venue makes of a VenueMargin: leverage, margin mode, position mode and isolated margin, or its refusal."""

from __future__ import annotations

from typing import Any

import msgspec

from letrade.actors.venue.account import VenueAccount
from letrade.actors.venue.margin import CROSS, ISOLATED, Margins, Setting
from letrade.actors.venue.margin_codes import CODES, Refusal
from letrade.actors.venue.margin_orders import exposures, free_margin
from letrade.actors.venue.margin_sums import ZERO, Unit, initial_rate, is_liquidated, row_at, tier_size
from letrade.core.config.desk import VenueConfig
from letrade.core.errors import ConfigurationError, DataError
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.instruments import Catalogue, Specification
from letrade.core.legs import SIDES, name_of
from letrade.core.messages.base import NO_STRATEGY
from letrade.core.messages.margin import (
    ISOLATED_MARGIN,
    LEVERAGE,
    MARGIN_MODE,
    POSITION_MODE,
    VenueMargin,
    VenueMarginAnswer,
)
from letrade.core.quantities import exact

ANSWERS_MAX = 1_000
"""So many requests are known again; the oldest are forgotten first."""


class Settings:
    """A request is done once: asked for again under its id it gets the answer it had."""

    def __init__(self, margins: Margins) -> None:
        self._margins = margins
        self._answers: dict[str, VenueMarginAnswer] = {}

    def answer(self, request: VenueMargin) -> VenueMarginAnswer:
        key = f"{request.account} {request.request_id}"
        if key not in self._answers:
            self._answers[key] = self._act(request)
            if len(self._answers) > ANSWERS_MAX:
                del self._answers[next(iter(self._answers))]
        return msgspec.structs.replace(self._answers[key])

    def _act(self, request: VenueMargin) -> VenueMarginAnswer:
        margins = self._margins
        account = margins.accounts.get(request.account)
        if account is None:
            return answer_to(request, Refusal("", f"unknown account {request.account!r}"))
        if request.change == POSITION_MODE:
            refusal = self._position_mode(request, account)
            return answer_to(request, refusal, mode="hedge" if account.hedged else "one_way")
        market = margins.market(request.instrument)
        rules = None if market is None else margins.rules_of(request.instrument)
        if rules is None or not margins.rows(rules):
            return answer_to(request, Refusal("", f"no contract with leverage tiers: {request.instrument!r}"))
        setting = margins.setting(account.name, request.instrument)
        act = {LEVERAGE: self._leverage, MARGIN_MODE: self._mode, ISOLATED_MARGIN: self._isolated}.get(request.change)
        if act is None:
            return answer_to(request, Refusal("", f"unknown change {request.change!r}"))
        if any(margins.is_liquidating(account, name) for name in account.held(request.instrument)):
            return answer_to(request, margins.codes.liquidating, float(setting.leverage), setting.mode)
        refusal = act(request, account, rules, setting)
        margins.touched[account.name] = None
        value = setting.of(request.leg) if request.change == ISOLATED_MARGIN else setting.leverage
        return answer_to(request, refusal, float(value), setting.mode)

    def _position_mode(self, request: VenueMargin, account: VenueAccount) -> Refusal | None:
        """Of all contracts of the account, while it has neither positions nor orders in any."""
        margins, codes = self._margins, self._margins.codes
        if request.mode not in ("one_way", "hedge"):
            return Refusal("", f"mode: expected one_way or hedge, found {request.mode!r}")
        if (request.mode == "hedge") == account.hedged:
            return codes.side_same
        if request.mode == "hedge" and (why := margins.no_hedge(account.name)):
            return Refusal("", why)
        if any(margins.rules_of(order.instrument).kind != "spot" for order in account.working.values()):
            return codes.side_orders
        if any(position.quantity for position in account.positions.values()):
            return codes.side_position
        account.hedged = request.mode == "hedge"
        return None

    def _leverage(
        self, request: VenueMargin, account: VenueAccount, rules: Specification, setting: Setting
    ) -> Refusal | None:
        codes, wanted, rows = self._margins.codes, _number(request.value), self._margins.rows(rules)
        most = max((row.leverage_max for row in rows if row.leverage_max is not None), default=None)
        if wanted is None or wanted < 1 or wanted.denominator != 1 or (most is not None and wanted > most):
            return codes.leverage_invalid
        if wanted == setting.leverage:
            return codes.leverage_same
        found = [self._margins.unit(account, name) for name in account.held(request.instrument)]
        units = [unit for unit in found if unit is not None]
        held = [(u, each) for u in units for each in u.holdings if each.instrument == request.instrument]
        for unit, holding in held:
            allowed = rows[row_at(rows, tier_size(self._margins.rules, unit, holding))].leverage_max
            if allowed is not None and wanted > allowed:
                return codes.leverage_too_high
        isolated = bool(held) and setting.mode == ISOLATED
        if isolated and wanted < setting.leverage and codes.leverage_lowered is not None:
            return codes.leverage_lowered
        return self._with_leverage(wanted, account, rules, setting, units if isolated else [])

    def _with_leverage(
        self, wanted: Fraction, account: VenueAccount, rules: Specification, setting: Setting, isolated: list[Unit]
    ) -> Refusal | None:
        """Tries it, with the margin that isolated positions then need; takes it back where that is not free."""
        leverage, margins = setting.leverage, dict(setting.isolated)
        setting.leverage = wanted
        for unit in isolated:
            holding, own = unit.holdings[0], self._margins
            needed = holding.cost * initial_rate(own.rules, holding.lean, wanted, own.taker_fee)
            setting.isolated[unit.leg] = max(setting.of(unit.leg), needed)
        if wanted < leverage and not self._affordable(account, rules):
            setting.leverage, setting.isolated = leverage, margins
            return self._margins.codes.leverage_too_low
        return None

    def _affordable(self, account: VenueAccount, rules: Specification) -> bool:
        found = exposures(self._margins, account, rules.settle)
        free = free_margin(self._margins, account, rules.settle, found)
        return free is not None and free >= 0

    def _mode(
        self, request: VenueMargin, account: VenueAccount, rules: Specification, setting: Setting
    ) -> Refusal | None:
        codes = self._margins.codes
        if request.mode not in (CROSS, ISOLATED):
            return Refusal("", f"mode: expected cross or isolated, found {request.mode!r}")
        if request.mode == setting.mode:
            return codes.mode_same
        if request.mode == ISOLATED and self._margins.is_backed(account.name):
            return codes.mode_backed
        if any(order.instrument == request.instrument for order in account.working.values()):
            return codes.mode_orders
        if account.held(request.instrument):
            return codes.mode_position
        if account.hedged and (why := self._margins.no_hedge(account.name, request.mode)):
            return Refusal("", why)
        setting.mode = request.mode
        return None

    def _isolated(
        self, request: VenueMargin, account: VenueAccount, rules: Specification, setting: Setting
    ) -> Refusal | None:
        codes, change = self._margins.codes, _number(request.value)
        if setting.mode != ISOLATED:
            return codes.margin_cross
        if account.hedged != (request.leg in SIDES):
            return codes.side_wrong
        name = name_of(request.instrument, request.leg)
        unit = self._margins.unit(account, name)
        if change is None or unit is None or not unit.holdings:
            return codes.margin_flat
        before = setting.of(request.leg)
        setting.isolated[request.leg] = before + change
        if change > 0:
            refusal = None if self._affordable(account, rules) else codes.margin_missing
        else:
            refusal = None if self._spares(account, name, setting) else codes.margin_bound
        if refusal is not None:
            setting.isolated[request.leg] = before
        return refusal

    def _spares(self, account: VenueAccount, name: str, setting: Setting) -> bool:
        """Whether what is left is the initial margin at the mark, without gains."""
        unit, own = self._margins.unit(account, name), self._margins
        if unit is None or is_liquidated(own.rules, unit):
            return False
        holding = unit.holdings[0]
        needed = holding.value * initial_rate(own.rules, holding.lean, setting.leverage, own.taker_fee)
        return unit.wallet + min(ZERO, holding.gain) >= needed

    def state(self) -> Any:
        return msgspec.msgpack.encode(list(self._answers.items()))

    def restore(self, state: Any) -> None:
        self._answers = dict(msgspec.msgpack.decode(state, type=list[tuple[str, VenueMarginAnswer]]))


def check_leverage(venue: VenueConfig, catalogue: Catalogue) -> None:
    """ConfigurationError for a leverage that no contract can have; where only some can, the others begin with their
    most."""
    if venue.margin is None or venue.margin.leverage is None:
        return
    wanted, most = read_fraction(venue.margin.leverage), ZERO
    names = dict.fromkeys(each.instrument for each in catalogue.messages() if each.brackets)
    named = [name for name in names if name.partition(".")[0] == venue.name]
    for message in catalogue.messages():
        tiers = catalogue.at(message.instrument, message.valid_from).tiers
        if message.instrument in named and tiers is not None:
            limits = [tier.leverage_max for tier in tiers.tiers if tier.leverage_max is not None]
            most = max(most, *limits) if limits else max(most, wanted)
    if named and wanted > most:
        shown = f"{named[0]}{'' if len(named) == 1 else f' and {len(named) - 1} more'}"
        text = f"expected at most {float(most):g}, as the tiers of {shown} allow, found {venue.margin.leverage}"
        why = CODES[venue.margin.rules].leverage_invalid
        raise ConfigurationError(f"[[venue]] {venue.name}: margin.leverage: {text}; the venue says {why}")


def answer_to(request: VenueMargin, refusal: Refusal | None, value: float = 0.0, mode: str = "") -> VenueMarginAnswer:
    """As things stand after it."""
    return VenueMarginAnswer(
        strategy=NO_STRATEGY, account=request.account, instrument=request.instrument, request_id=request.request_id,
        change=request.change, refused=refusal is not None, value=value, mode=mode,
        code="" if refusal is None else refusal.code, reason="" if refusal is None else refusal.text, leg=request.leg,
    )  # fmt: skip


def _number(value: float) -> Fraction | None:
    """None for what is no decimal."""
    try:
        return exact(value)
    except (DataError, ValueError, OverflowError):
        return None
