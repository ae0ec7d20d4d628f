// The page's charts: drawn on canvas, zoomed by dragging, read by hovering. Needs nothing but the page itself.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const root = document.documentElement;
  const charts = [];
  const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const GAP = 78, TOP = 10, BETWEEN = 22, BOTTOM = 22, DRAG_MIN = 6;

  function text(tag, words, parent) {
    const made = document.createElement(tag);
    made.textContent = words;
    if (parent) parent.append(made);
    return made;
  }
  function number(value, decimals) {
    if (value === null || value === undefined || !isFinite(value)) return "–";
    const size = Math.abs(value);
    const places = decimals ?? (size >= 1000 ? 0 : size >= 10 ? 2 : size >= 0.1 ? 4 : 8);
    return value.toLocaleString("en-US", { maximumFractionDigits: places });
  }
  function percent(value) {
    if (value === null || !isFinite(value)) return "–";
    const size = Math.abs(value * 100), places = size >= 0.1 || !size ? 2 : size >= 0.001 ? 4 : 6;
    return (value * 100).toFixed(places) + " %";
  }
  const shownAs = { money: (v) => number(v), percent, price: (v) => (v === null ? "–" : v.toLocaleString("en-US", { maximumSignificantDigits: 7 })) };
  function moment(ms, span) {
    const all = new Date(ms).toISOString();
    if (span === undefined) return all.slice(0, 19).replace("T", " ");
    if (span > 3 * 365 * 864e5) return all.slice(0, 4);
    if (span > 120 * 864e5) return all.slice(0, 7);
    if (span > 3 * 864e5) return all.slice(5, 10);
    return span > 6e5 ? all.slice(11, 16) : all.slice(11, 19);
  }
  function niceStep(range, count) {
    const rough = range / Math.max(1, count), power = 10 ** Math.floor(Math.log10(rough));
    return [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= rough) || rough;
  }
  const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800,
    604800, 1209600, 2592000, 5184000, 7776000, 15552000, 31536000, 63072000, 157680000].map((each) => each * 1000);
  function lowerBound(values, wanted) {
    let low = 0, high = values.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (values[middle] < wanted) low = middle + 1; else high = middle;
    }
    return low;
  }

  // panels: [{title, height, show, lines: [{name, color, t, y, fill, hidden}], trades: [...]}], one x axis for all.
  class TimeChart {
    constructor(host, panels) {
      this.host = host;
      this.canvas = document.createElement("canvas");
      this.canvas.tabIndex = 0;
      this.canvas.setAttribute("role", "img");
      this.canvas.setAttribute("aria-label", host.dataset.label || "chart");
      this.tip = text("div", "", null);
      this.tip.className = "tip";
      host.replaceChildren(this.canvas, this.tip);
      this.setPanels(panels);
      this.listen();
      charts.push(this);
      new ResizeObserver(() => this.draw()).observe(host);
    }
    setPanels(panels) {
      this.panels = panels;
      const times = panels.flatMap((panel) => panel.lines.flatMap((line) => [line.t[0], line.t[line.t.length - 1]]));
      const known = times.filter((each) => each !== undefined);
      this.full = known.length ? [Math.min(...known), Math.max(...known)] : [0, 1];
      if (this.full[0] === this.full[1]) this.full = [this.full[0] - 1000, this.full[1] + 1000];
      this.range = [...this.full];
      this.draw();
    }
    zoom(from, to) {
      const least = Math.max(1, (this.full[1] - this.full[0]) / 1e5);
      if (to - from < least) { const middle = (from + to) / 2; from = middle - least / 2; to = middle + least / 2; }
      this.range = [Math.max(this.full[0], from), Math.min(this.full[1], to)];
      this.draw();
    }
    around(place, factor) {
      const [from, to] = this.range;
      this.zoom(place - (place - from) * factor, place + (to - place) * factor);
    }
    shift(share) {
      const [from, to] = this.range, length = to - from;
      const start = Math.min(Math.max(this.full[0], from + share * length), this.full[1] - length);
      this.range = [start, start + length];
      this.draw();
    }
    reset() { this.range = [...this.full]; this.draw(); }
    x(time) { return GAP + (this.width - GAP - 8) * (time - this.range[0]) / (this.range[1] - this.range[0]); }
    time(x) { return this.range[0] + (this.range[1] - this.range[0]) * (x - GAP) / (this.width - GAP - 8); }
    listen() {
      const canvas = this.canvas, place = (event) => event.clientX - canvas.getBoundingClientRect().left;
      canvas.addEventListener("pointerdown", (event) => {
        if (event.button) return;
        this.drag = { from: place(event), to: place(event), pan: event.shiftKey, range: [...this.range] };
        canvas.setPointerCapture(event.pointerId);
      });
      canvas.addEventListener("pointermove", (event) => {
        this.pointer = { x: place(event), y: event.clientY - canvas.getBoundingClientRect().top };
        if (this.drag) {
          this.drag.to = place(event);
          if (this.drag.pan) {
            const moved = (this.drag.from - this.drag.to) / (this.width - GAP - 8);
            this.range = [...this.drag.range];
            this.shift(moved);
            return;
          }
        }
        this.draw();
      });
      canvas.addEventListener("pointerup", () => {
        const drag = this.drag;
        this.drag = null;
        if (drag && !drag.pan && Math.abs(drag.to - drag.from) > DRAG_MIN) {
          const [from, to] = [this.time(Math.min(drag.from, drag.to)), this.time(Math.max(drag.from, drag.to))];
          this.zoom(from, to);
        } else this.draw();
      });
      canvas.addEventListener("pointerleave", () => { this.pointer = null; this.tip.style.display = "none"; this.draw(); });
      canvas.addEventListener("dblclick", () => this.reset());
      canvas.addEventListener("wheel", (event) => {
        if (!event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        this.around(this.time(place(event)), event.deltaY > 0 ? 1.25 : 0.8);
      }, { passive: false });
      canvas.addEventListener("keydown", (event) => {
        const middle = (this.range[0] + this.range[1]) / 2;
        const does = { ArrowLeft: () => this.shift(-0.2), ArrowRight: () => this.shift(0.2), "+": () => this.around(middle, 0.6),
          "-": () => this.around(middle, 1.6), 0: () => this.reset(), Escape: () => this.reset() }[event.key];
        if (does) { does(); event.preventDefault(); }
      });
    }
    draw() {
      this.width = this.host.clientWidth;
      if (!this.width) return;
      const height = TOP + BOTTOM + this.panels.reduce((sum, panel) => sum + panel.height + BETWEEN, -BETWEEN);
      const ratio = window.devicePixelRatio || 1;
      this.canvas.width = Math.round(this.width * ratio);
      this.canvas.height = Math.round(height * ratio);
      this.canvas.style.height = height + "px";
      const pen = this.canvas.getContext("2d");
      pen.scale(ratio, ratio);
      pen.font = "11px system-ui,sans-serif";
      let top = TOP;
      for (const panel of this.panels) { this.panel(pen, panel, top); top += panel.height + BETWEEN; }
      this.timeAxis(pen, height);
      if (this.drag && !this.drag.pan && Math.abs(this.drag.to - this.drag.from) > DRAG_MIN) {
        pen.globalAlpha = 0.15;
        pen.fillStyle = css("--c0");
        pen.fillRect(Math.min(this.drag.from, this.drag.to), TOP, Math.abs(this.drag.to - this.drag.from), height - TOP - BOTTOM);
        pen.globalAlpha = 1;
      }
      if (this.pointer && this.pointer.x >= GAP) this.hover(pen, height);
    }
    timeAxis(pen, height) {
      const span = this.range[1] - this.range[0];
      const step = TIME_STEPS.find((each) => span / each <= this.width / 90) || span;
      pen.fillStyle = css("--dim");
      pen.textAlign = "center";
      for (let time = Math.ceil(this.range[0] / step) * step; time <= this.range[1]; time += step)
        pen.fillText(moment(time, span), this.x(time), height - 6);
    }
    visible(line) {
      return [Math.max(0, lowerBound(line.t, this.range[0]) - 1), Math.min(line.t.length, lowerBound(line.t, this.range[1]) + 1)];
    }
    panel(pen, panel, top) {
      let low = Infinity, high = -Infinity;
      for (const line of panel.lines) {
        if (line.hidden) continue;
        const [from, to] = this.visible(line);
        for (let row = from; row < to; row++) {
          const value = line.y[row];
          if (value === null) continue;
          if (value < low) low = value;
          if (value > high) high = value;
        }
      }
      if (low > high) { low = 0; high = 1; }
      if (panel.zero) { low = Math.min(low, 0); high = Math.max(high, 0); }
      const margin = (high - low) * 0.04 || Math.abs(high) * 0.01 || 1;
      if (!panel.zero || low < 0) low -= margin;
      if (!panel.zero || high > 0) high += margin;
      const y = (value) => top + panel.height * (1 - (value - low) / (high - low || 1));
      panel.y = y;
      panel.top = top;
      pen.lineWidth = 1;
      pen.textAlign = "right";
      const step = niceStep(high - low, panel.height / 42);
      for (let value = Math.ceil(low / step) * step; value <= high; value += step) {
        pen.strokeStyle = css("--grid");
        pen.beginPath(); pen.moveTo(GAP, y(value)); pen.lineTo(this.width - 8, y(value)); pen.stroke();
        pen.fillStyle = css("--dim");
        pen.fillText(shownAs[panel.show](Math.abs(value) < step / 1e6 ? 0 : value), GAP - 6, y(value) + 4);
      }
      pen.textAlign = "left";
      pen.fillStyle = css("--dim");
      pen.fillText(panel.title, GAP + 4, top + 10);
      pen.save();
      pen.beginPath(); pen.rect(GAP, top - 2, this.width - GAP - 8, panel.height + 4); pen.clip();
      for (const line of panel.lines) if (!line.hidden) this.line(pen, line, y, panel);
      if (panel.trades) this.trades(pen, panel.trades, y);
      pen.restore();
    }
    line(pen, line, y, panel) {
      const [from, to] = this.visible(line);
      if (to <= from) return;
      pen.strokeStyle = css(line.color);
      pen.lineWidth = line.thin ? 1 : 1.6;
      pen.lineJoin = "round";
      pen.beginPath();
      let drawing = false, last = 0;
      for (let row = from; row < to; row++) {
        if (line.y[row] === null) { drawing = false; continue; }
        last = this.x(line.t[row]);
        if (!drawing) pen.moveTo(last, y(line.y[row])); else pen.lineTo(last, y(line.y[row]));
        drawing = true;
      }
      pen.stroke();
      if (!line.fill) return;
      pen.lineTo(last, y(0));
      pen.lineTo(this.x(line.t[from]), y(0));
      pen.globalAlpha = 0.14;
      pen.fillStyle = css(line.color);
      pen.fill();
      pen.globalAlpha = 1;
    }
    trades(pen, trades, y) {
      const good = css("--good"), bad = css("--bad"), dim = css("--dim");
      for (const trade of trades) {
        const [opened, entry, closed, exit, side, profit] = trade;
        if ((closed || this.full[1]) < this.range[0] || opened > this.range[1]) continue;
        const color = closed ? (profit > 0 ? good : profit < 0 ? bad : dim) : dim;
        if (closed && exit !== null) {
          pen.strokeStyle = color; pen.lineWidth = 1; pen.globalAlpha = 0.7;
          pen.beginPath(); pen.moveTo(this.x(opened), y(entry)); pen.lineTo(this.x(closed), y(exit)); pen.stroke();
          pen.globalAlpha = 1;
          pen.fillStyle = color;
          pen.fillRect(this.x(closed) - 2.5, y(exit) - 2.5, 5, 5);
        }
        const x = this.x(opened), place = y(entry), up = side > 0 ? 1 : -1;
        pen.fillStyle = color;
        pen.beginPath(); pen.moveTo(x, place - 1 * up); pen.lineTo(x - 4, place + 7 * up); pen.lineTo(x + 4, place + 7 * up);
        pen.closePath(); pen.fill();
      }
    }
    hover(pen, height) {
      const x = this.pointer.x, time = this.time(x), lines = [];
      pen.strokeStyle = css("--dim"); pen.lineWidth = 1; pen.setLineDash([3, 3]);
      pen.beginPath(); pen.moveTo(x, TOP); pen.lineTo(x, height - BOTTOM); pen.stroke(); pen.setLineDash([]);
      for (const panel of this.panels) {
        for (const line of panel.lines) {
          if (line.hidden || !line.t.length) continue;
          const row = Math.max(0, lowerBound(line.t, time + 1e-9) - 1);
          if (line.y[row] === null) continue;
          lines.push(line.name + "  " + shownAs[panel.show](line.y[row]));
          pen.fillStyle = css(line.color);
          pen.beginPath(); pen.arc(this.x(line.t[row]), panel.y(line.y[row]), 3, 0, 7); pen.fill();
        }
        const trade = panel.trades && this.nearest(panel.trades, panel.y);
        if (trade) lines.push("", ...tradeWords(trade));
      }
      this.tip.textContent = [moment(time) + " UTC", ...lines].join("\n");
      this.tip.style.display = "block";
      const right = x + 16 + this.tip.offsetWidth < this.width;
      this.tip.style.left = (right ? x + 14 : x - 14 - this.tip.offsetWidth) + "px";
      this.tip.style.top = Math.max(0, Math.min(this.pointer.y, height - this.tip.offsetHeight)) + "px";
    }
    nearest(trades, y) {
      let found = null, best = 12;
      for (const trade of trades) {
        for (const [time, price] of [[trade[0], trade[1]], [trade[2], trade[3]]]) {
          if (!time || price === null) continue;
          const apart = Math.hypot(this.x(time) - this.pointer.x, y(price) - this.pointer.y);
          if (apart < best) { best = apart; found = trade; }
        }
      }
      return found;
    }
  }

  function tradeWords([opened, entry, closed, exit, side, profit, size, strategy]) {
    return [
      `${data.strategies[strategy] ?? "(unassigned)"}: ${side > 0 ? "long" : "short"} ${number(size)}`,
      `in   ${shownAs.price(entry)}  ${moment(opened)}`,
      closed ? `out  ${shownAs.price(exit)}  ${moment(closed)}` : "still open",
      `profit ${number(profit)} ${data.currency}`,
    ];
  }
  function tools(host, chart, lines) {
    const bar = document.createElement("div");
    bar.className = "bar";
    lines.forEach((line) => {
      const button = text("button", "", bar), swatch = document.createElement("span");
      swatch.className = "swatch";
      swatch.style.background = `var(${line.color})`;
      button.append(swatch, document.createTextNode(line.name));
      button.setAttribute("aria-pressed", String(!line.hidden));
      button.addEventListener("click", () => {
        line.hidden = !line.hidden;
        button.setAttribute("aria-pressed", String(!line.hidden));
        chart.draw();
      });
    });
    const push = text("span", "drag to zoom, shift-drag to move, double-click for all", bar);
    push.className = "dim push";
    text("button", "all", bar).addEventListener("click", () => chart.reset());
    host.before(bar);
    return bar;
  }

  const equityHost = document.getElementById("equity");
  if (equityHost && data.equity.t.length) {
    const { t, lines, drawdown, exposure } = data.equity;
    const reach = (line) => line.y.reduce((high, value) => Math.max(high, Math.abs(value - line.y[0])), 0);
    // A market that moves many times as far as the desk would make a flat line of it: it waits to be clicked.
    const dwarfs = (line) => line.name === "buy and hold" && reach(line) > 20 * reach(lines[0]) && reach(lines[0]) > 0;
    const worth = lines.map((line, place) => ({ name: line.name, color: `--c${place % 8}`, t, y: line.y, hidden: (place > 1 && lines.length > 4) || dwarfs(line), thin: place > 0 }));
    const panels = [
      { title: `equity, ${data.currency}`, height: 270, show: "money", lines: worth },
      { title: "drawdown", height: 90, show: "percent", zero: true, lines: [{ name: "drawdown", color: "--bad", t, y: drawdown, fill: true }] },
      { title: `gross exposure, ${data.currency}`, height: 70, show: "money", zero: true, lines: [{ name: "exposure", color: "--c3", t, y: exposure, fill: true, thin: true }] },
    ];
    tools(equityHost, new TimeChart(equityHost, panels), worth);
  }

  const priceHost = document.getElementById("prices");
  if (priceHost && data.prices.length) {
    const panelsOf = (each) => [{ title: each.name, height: 340, show: "price", trades: each.trades,
      lines: [{ name: "price", color: "--c1", t: each.t, y: each.y, thin: true }] }];
    const chart = new TimeChart(priceHost, panelsOf(data.prices[0]));
    const bar = tools(priceHost, chart, []), choice = document.createElement("select"), said = text("span", "", null);
    said.className = "dim";
    choice.setAttribute("aria-label", "instrument");
    data.prices.forEach((each, place) => { text("option", each.name, choice).value = place; });
    const tell = (each) => { said.textContent = each.trades.length < each.count ? `${each.trades.length} of ${each.count} round trips drawn` : `${each.count} round trips`; };
    choice.addEventListener("change", () => { chart.setPanels(panelsOf(data.prices[choice.value])); tell(data.prices[choice.value]); });
    bar.prepend(choice, said);
    tell(data.prices[0]);
  }

  for (const table of document.querySelectorAll("table.sortable")) {
    const body = table.tBodies[0];
    [...table.tHead.rows[0].cells].forEach((head, column) => head.addEventListener("click", () => {
      const down = head.dataset.down !== "1";
      head.dataset.down = down ? "1" : "0";
      const value = (row) => { const cell = row.cells[column]; return cell.dataset.v !== undefined ? Number(cell.dataset.v) : cell.textContent; };
      const rows = [...body.rows].filter((row) => row.className !== "total"), last = [...body.rows].filter((row) => row.className === "total");
      rows.sort((a, b) => { const [x, y] = [value(a), value(b)]; return (x < y ? -1 : x > y ? 1 : 0) * (down ? -1 : 1); });
      body.append(...rows, ...last);
    }));
  }
  for (const tabs of document.querySelectorAll(".tabs")) {
    const buttons = [...tabs.querySelectorAll("button")];
    buttons.forEach((button) => button.addEventListener("click", () => buttons.forEach((each) => {
      each.setAttribute("aria-selected", String(each === button));
      document.getElementById(each.dataset.shows).hidden = each !== button;
    })));
  }
  document.getElementById("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme:dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    charts.forEach((chart) => chart.draw());
  });
  matchMedia("(prefers-color-scheme:dark)").addEventListener("change", () => charts.forEach((chart) => chart.draw()));
})();
