"""The style of the page: one sheet for light and dark."""

from __future__ import annotations

STYLE = """
:root{color-scheme:light dark;--ink:#1b2330;--dim:#667085;--paper:#f6f7f9;--card:#fff;--line:#e3e7ed;
--own:#2563eb;--peer:#e07b00;--floor:#8a94a6;--good:#16803c;--short:#b25e00;--bad:#c81e1e}
@media (prefers-color-scheme:dark){:root{--ink:#e6eaf1;--dim:#98a2b3;--paper:#0f131a;--card:#171d27;--line:#2a3342;
--own:#6ea8fe;--peer:#f5a54a;--floor:#7d899c;--good:#4ade80;--short:#fbbf24;--bad:#f87171}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:14px/1.45 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:1240px;margin:0 auto;padding:28px 20px 60px}
h1{font-size:26px;margin:0;letter-spacing:-.02em}h2{font-size:17px;margin:34px 0 10px}h3{font-size:14px;margin:0}
p{margin:4px 0}.dim,header p{color:var(--dim)}.good{color:var(--good)}.short{color:var(--short)}.bad{color:var(--bad)}
.tiles{display:flex;flex-wrap:wrap;gap:10px;margin:18px 0 10px}
.tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:10px 16px;color:var(--dim);
font-size:12px}
.tile b{display:block;font-size:20px;color:var(--ink);font-weight:600}
.tile.good b{color:var(--good)}.tile.short b{color:var(--short)}.tile.bad b{color:var(--bad)}
.warning{border-left:3px solid var(--short);padding:6px 12px;background:var(--card);border-radius:0 6px 6px 0}
.legend span,td i{display:inline-block;width:12px;height:12px;border-radius:3px;margin:0 6px 0 16px;
vertical-align:-1px}
.legend span:first-child,td i{margin-left:0}
span.own,i.own{background:var(--own)}span.peer,i.peer{background:var(--peer)}span.floor,i.floor{background:var(--floor)}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(380px,1fr));gap:14px}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:14px 16px;min-width:0}
.card p{font-size:12px}
svg{display:block;width:100%;height:auto;margin:10px 0 6px}
svg text{fill:var(--dim);font-size:15px}.grid{stroke:var(--line);stroke-width:1}
polyline{fill:none;stroke-width:2;stroke-linejoin:round}
polyline.own{stroke:var(--own)}polyline.peer{stroke:var(--peer)}polyline.floor{stroke:var(--floor);stroke-dasharray:5 4}
rect.own{fill:var(--own)}rect.peer{fill:var(--peer)}rect.floor{fill:var(--floor)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13px}
section>.scroll{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:4px 12px}
th{font-weight:500;color:var(--dim);text-align:left;padding:6px 10px 6px 0;border-bottom:1px solid var(--line)}
td{padding:5px 10px 5px 0;border-bottom:1px solid var(--line);vertical-align:top}
tr:last-child td{border-bottom:0}td.n{font-variant-numeric:tabular-nums;white-space:nowrap}
.card table{font-size:11.5px}.card th,.card td{padding:3px 8px 3px 0}
.pill{border:1px solid currentColor;border-radius:99px;padding:0 9px;font-size:12px;white-space:nowrap}
pre{white-space:pre-wrap;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px;
font-size:12px}
"""
