"""One page with one picture per scenario: what was lost in each seed, by us, by nobody's care, and by who knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from importlib import resources

from letrade import __version__
from letrade.report import shown
from letrade.studies.seeds import AccountResult, SeedResult
from letrade.studies.totals import LOSS_MOST, QUIET, SAVED_LEAST, Totals, by_account, totals_of

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 1200, 330, 56, 26, 30
TITLES = {
    "crash": "Flash crash: 30 % in minutes",
    "october": "As on 2025-10-10: winners deleveraged, a peg lost, a tenth of the book left",
    "calm": "Calm hours",
    "recorded": "The recorded month",
}
LOSSES = ("loss_clairvoyant", "loss", "loss_unguarded")
STYLE = """
.dot{fill:var(--c0)}.knows{fill:var(--good)}.nobody{stroke:var(--c1);stroke-width:2}.lost{fill:var(--bad)}
.gap{stroke:var(--c0);stroke-width:1.5}.key{display:flex;flex-wrap:wrap;gap:18px;color:var(--dim);margin:0 0 6px}
"""


def page_of(results: Mapping[str, Sequence[SeedResult]], command: str) -> str:
    style = resources.files("letrade.report").joinpath("page.css").read_text(encoding="utf-8")
    body = "".join(_section(name, found) for name, found in results.items() if found)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>letrade: liquidation study</title><style>{style}{STYLE}</style></head><body><main>"
        "<header><div><h1>Is the desk liquidated by surprise?</h1>"
        f"<p>{escape(command)} · letrade {__version__}</p></div></header>{body}</main></body></html>\n"
    )


def _section(scenario: str, results: Sequence[SeedResult]) -> str:
    totals = totals_of(scenario, results)
    picture = "" if scenario in QUIET else f"{_key()}{_picture(results)}"
    card = f"<div class=card>{picture}{_table(results)}</div>"
    return f"<section><h2>{TITLES[scenario]}</h2>{_tiles(totals)}{card}</section>"


def _tiles(totals: Totals) -> str:
    if totals.scenario in QUIET:
        found = [
            (shown.percent(totals.touched_share), f"of {totals.positions} positions touched", totals.holds),
            (str(totals.liquidated), "liquidated", not totals.liquidated),
        ]
    else:
        saved = totals.saved_share >= SAVED_LEAST
        found = [
            (shown.percent(totals.saved_share, 1), f"of {totals.saveable} that can be saved are saved", saved),
            (f"{totals.loss_ratio:.3f} ×", "the loss of who knows the course", totals.loss_ratio <= LOSS_MOST),
            (str(totals.liquidated), f"liquidated; {totals.liquidated_unguarded} if nobody looks", saved),
            (str(totals.deleveraged), "auto-deleveraged", True),
        ]
    found.append((str(totals.seeds), "seeds", True))
    tiles = "".join(
        f'<div class="tile{"" if good else " bad"}"><b>{escape(text)}</b>{escape(label)}</div>'
        for text, label, good in found
    )
    return f'<div class="tiles">{tiles}</div>'


def _key() -> str:
    return (
        '<p class="key"><span>Each column is a seed, sorted by the least loss possible.</span>'
        "<span>● <span class=good>green: who knows the course</span></span>"
        '<span style="color:var(--c0)">● blue: the desk</span><span>▬ grey: nobody looks</span>'
        "<span class=bad>✕ red: positions that the desk lost to the venue</span></p>"
    )


def _near(result: SeedResult) -> list[AccountResult]:
    return [account for account in result.accounts if account.endangered]


def _picture(results: Sequence[SeedResult]) -> str:
    rows = []
    for result in results:
        near = _near(result)
        if near:
            losses = [sum(getattr(each, name) for each in near) for name in LOSSES]
            rows.append((losses, sum(each.liquidated for each in near), result.seed))
    if not rows:
        return ""
    rows.sort(key=lambda row: row[0][0])
    most = max(max(losses) for losses, _, _ in rows)
    least = min(0.0, *(min(losses) for losses, _, _ in rows))
    height, wide = HEIGHT - TOP - BOTTOM, (WIDTH - LEFT - 10) / len(rows)

    def y(loss: float) -> float:
        found: float = TOP + height * (1.0 - (loss - least) / ((most - least) or 1.0))
        return found

    parts = [_axis(y, least, most)]
    for place, ((best, ours, nothing), lost, seed) in enumerate(rows):
        x, reach = LEFT + wide * (place + 0.5), max(1.0, wide * 0.4)
        title = f"seed {seed}: ours {ours:,.0f}, who knows {best:,.0f}, nobody {nothing:,.0f}; {lost} positions lost"
        grey = f'x1="{x - reach:.1f}" x2="{x + reach:.1f}" y1="{y(nothing):.1f}" y2="{y(nothing):.1f}"'
        parts.append(
            f"<g><title>{title}</title>"
            f'<line class="nobody" {grey}/>'
            f'<line class="gap" x1="{x:.1f}" x2="{x:.1f}" y1="{y(ours):.1f}" y2="{y(best):.1f}"/>'
            f'<circle class="knows" cx="{x:.1f}" cy="{y(best):.1f}" r="2.6"/>'
            f'<circle class="dot" cx="{x:.1f}" cy="{y(ours):.1f}" r="2.6"/>'
            + (f'<text class="lost" x="{x:.1f}" y="{TOP - 8}" text-anchor="middle">✕{lost}</text>' if lost else "")
            + "</g>"
        )
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="loss of each seed">{"".join(parts)}</svg>'


def _axis(y: Callable[[float], float], least: float, most: float) -> str:
    lines = []
    for part in range(5):
        loss = least + (most - least) * part / 4
        at = y(loss)
        lines.append(
            f'<line class="axis" x1="{LEFT}" x2="{WIDTH}" y1="{at:.1f}" y2="{at:.1f}"/>'
            f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{loss / 1000:,.0f}k</text>'
        )
    return "".join(lines) + f'<text x="{LEFT}" y="{HEIGHT - 8}">loss of the accounts in danger, USDT</text>'


def _table(results: Sequence[SeedResult]) -> str:
    names = (
        "positions", "in danger", "touched", "liquidated", "if nobody looks", "loss", "if nobody looks", "who knows",
        "ratio",
    )  # fmt: skip
    head = "".join(f"<th class=n>{name}" for name in names)
    rows = {**by_account(results), "all": totals_of(results[0].scenario, results)}
    body = "".join(
        f"<tr{' class=total' if name == 'all' else ''}><td>{escape(name)}{_cells(each)}" for name, each in rows.items()
    )
    return f"<table><tr><th>account{head}{body}</table>"


def _cells(totals: Totals) -> str:
    cells = [
        totals.positions, totals.endangered, totals.touched, totals.liquidated, totals.liquidated_unguarded,
        f"{totals.loss:,.0f}", f"{totals.loss_unguarded:,.0f}", f"{totals.loss_clairvoyant:,.0f}",
        f"{totals.loss_ratio:.3f}" if totals.endangered else "",
    ]  # fmt: skip
    return "".join(f"<td class=n>{cell}" for cell in cells)

