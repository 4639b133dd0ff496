"use strict";
(() => {
  const page = JSON.parse(document.getElementById("data").textContent);
  const root = document.documentElement;
  const find = (selector, from = document) => [...from.querySelectorAll(selector)];

  // Elements are made by hand: a text is only ever set as text, whatever it holds.
  const make = (name, text, ...children) => {
    const element = document.createElement(name);
    if (text !== null && text !== undefined) element.textContent = text;
    element.append(...children);
    return element;
  };
  const short = (digest) => String(digest ?? "").replace(/^sha256:/, "").slice(0, 8);
  const shown = (value) => {
    if (value === null || value === undefined || value === "") return "–";
    if (typeof value === "number") return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
    if (Array.isArray(value)) return value.map(shown).join(", ") || "–";
    if (typeof value === "object") return Object.entries(value).map(([key, each]) => `${key}=${shown(each)}`).join(", ") || "–";
    return String(value);
  };

  // Light and dark: the system's choice unless one is made here; kept while the page is open.
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const themes = find("[data-theme]", document.querySelector(".theme"));
  for (const button of themes) {
    button.addEventListener("click", () => {
      if (button.dataset.theme) root.dataset.theme = button.dataset.theme;
      else delete root.dataset.theme;
      for (const each of themes) each.setAttribute("aria-pressed", String(each === button));
      redraw();
    });
  }
  system.addEventListener("change", () => redraw());

  // The table: filters, and sorting with missing numbers last; the third click restores the order of the page.
  const grid = document.getElementById("grid");
  const body = grid.tBodies[0];
  const rows = [...body.rows];
  const headings = [...find("thead th:not([data-group])", grid)];
  const namesCount = find("thead th.name", grid).length;
  const text = (row) => [...row.cells].slice(0, namesCount).map((cell) => cell.textContent.trim());
  const placeOfK = find("thead th.name", grid).findIndex((each) => each.textContent.trim() === "k");
  const byName = document.getElementById("filter");
  const byK = document.getElementById("filter-k");
  const byMetric = document.getElementById("filter-metric");
  if (byK) {
    const ks = new Set(rows.map((row) => text(row)[placeOfK]).filter(Boolean));
    for (const k of [...ks].sort((a, b) => a - b)) byK.append(new Option(k, k));
  }
  const filter = () => {
    const wanted = byName.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) {
      const names = text(row);
      const k = placeOfK < 0 ? "" : names[placeOfK];
      const named = names.join(" ").toLowerCase();
      row.hidden = !(wanted.every((word) => named.includes(word)) && (!byK?.value || !k || k === byK.value));
    }
    const count = rows.filter((row) => !row.hidden).length;
    const said = count === rows.length ? `${count} rows` : `${count} of ${rows.length} rows`;
    document.getElementById("count").textContent = said;
  };
  byName.addEventListener("input", filter);
  byK?.addEventListener("change", filter);
  document.querySelector(".filters").addEventListener("submit", (event) => event.preventDefault());
  byMetric?.addEventListener("change", () => {
    const all = byMetric.options.length - 1;
    for (const cell of find("[data-metric]", grid)) cell.hidden = Boolean(byMetric.value) && cell.dataset.metric !== byMetric.value;
    for (const group of find("[data-group]", grid)) group.colSpan = byMetric.value ? 1 : all;
  });
  const sort = (heading) => {
    const place = headings.indexOf(heading);
    const next = { ascending: "descending", descending: null }[heading.getAttribute("aria-sort")];
    const way = next === undefined ? "ascending" : next;
    for (const each of headings) each.removeAttribute("aria-sort");
    if (way) heading.setAttribute("aria-sort", way);
    const isNumber = place >= namesCount || place === placeOfK;
    const value = (row) => {
      const cell = row.cells[place];
      const given = place >= namesCount ? cell.dataset.value ?? "" : cell.textContent.trim();
      return isNumber ? (given === "" ? NaN : Number(given)) : given.toLowerCase();
    };
    const sign = way === "descending" ? -1 : 1;
    const order = (a, b) => {
      const [x, y] = [value(a), value(b)];
      if (!isNumber) return sign * x.localeCompare(y);
      return Number.isNaN(x) - Number.isNaN(y) || sign * (x - y) || 0;
    };
    body.append(...(way ? [...rows].sort(order) : rows));
  };
  for (const heading of headings) heading.querySelector("button").addEventListener("click", () => sort(heading));

  // Where a number comes from.
  const dialog = document.getElementById("origin");
  const list = (pairs) => {
    const made = make("dl");
    for (const [term, value] of pairs) if (value !== undefined) made.append(make("dt", term), make("dd", shown(value)));
    return made;
  };
  const table = (label, header, lines) => {
    const place = make("div");
    place.className = "scroll";
    place.tabIndex = 0;
    place.setAttribute("role", "region");
    place.setAttribute("aria-label", label);
    const head = make("tr", null, ...header.map((name) => Object.assign(make("th", name), { scope: "col" })));
    const of = (line) => make("tr", null, ...line.map((each, number) =>
      number ? Object.assign(make("td", shown(each)), { className: String(each).length > 40 ? "long" : "" }) : Object.assign(make("th", shown(each)), { scope: "row" })));
    place.append(make("table", null, make("caption", label), make("thead", null, head), make("tbody", null, ...lines.map(of))));
    return place;
  };
  const quote = (word) => (/^[\w.:/+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
  const explain = (cell) => {
    const at = cell.k === null ? "" : ` at k = ${cell.k}`;
    document.getElementById("origin-title").textContent = `${cell.variant}${at} on ${cell.dataset}`;
    const numbers = [...new Set(cell.runs.flatMap((run) => Object.keys(run.numbers ?? {})))];
    const errors = cell.runs.some((run) => run.error);
    const header = ["seed", ...numbers, "epoch", "seconds", "run", "code", "environment", "state", ...(errors ? ["error"] : [])];
    const lines = cell.runs.map((run) => [
      run.seed, ...numbers.map((name) => run.numbers?.[name]), run.epochs === undefined ? null : `${run.epoch ?? "–"} of ${run.epochs}`,
      run.seconds, short(run.run), short(run.code), run.environment === undefined ? null : run.environment + 1,
      run.state + (run.others ? ` (+ ${run.others} other)` : ""), ...(errors ? [run.error] : []),
    ]);
    const made = [table("Runs, one for each seed", header, lines)];
    if (cell.more) made.push(make("p", `${cell.more} more runs are not in this page.`));
    if (cell.choice) {
      made.push(make("h3", "Chosen values"), list([
        ["values", cell.choice.values], ["by", `the best ${cell.choice.by} of ${cell.choice.source}`],
        ["tried", `${cell.choice.tried} configurations, ${cell.choice.diverged} diverged`],
        ["best, defaults", `${shown(cell.choice.metric)}, ${shown(cell.choice.default_metric)}`],
        ["carried from k", cell.choice.carried_from_k ?? undefined],
        ["on the edge of what was tried", cell.choice.on_edge?.length ? cell.choice.on_edge : undefined],
      ]));
    }
    const filled = (config) => Object.entries(config).filter(([, value]) => value !== "" && !(Array.isArray(value) && !value.length));
    made.push(make("h3", "Configuration of this cell"), list(filled(cell.config)));
    const common = make("details", null, make("summary", "Fields that all cells of the page share"), list(filled(page.common)));
    made.push(common);
    const data = page.datasets[cell.dataset];
    made.push(make("h3", "Data"), list([
      ["digest", cell.digest], ["rows to train, validate, test", data?.sizes], ["source", data?.source], ["licence", data?.licence],
    ]));
    made.push(make("h3", "Code"), list([...new Set(cell.runs.map((run) => run.code).filter(Boolean))].map((code) => ["digest", code])));
    for (const place of new Set(cell.runs.map((run) => run.environment).filter((each) => each !== undefined))) {
      const { libraries, flags, ...rest } = page.environments[place];
      made.push(make("h3", `Environment ${place + 1}`), list([...Object.entries(rest), ["libraries", libraries], ["flags", flags]]));
    }
    const k = cell.k === null ? "" : ` --k ${cell.k}`;
    const command = `regbench why ${quote(cell.variant)} --dataset ${quote(cell.dataset)}${k} -b ${quote(page.benchmark)}`;
    made.push(make("h3", "More, where the results are"), make("p", null, make("code", command)));
    const place = document.getElementById("origin-body");
    place.replaceChildren(...made);
    dialog.showModal();
    dialog.scrollTop = 0;
  };
  body.addEventListener("click", (event) => {
    const button = event.target.closest("button.cell");
    if (button) explain(page.cells[Number(button.dataset.cell)]);
  });
  document.getElementById("origin-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });

  // What a chart shows under the pointer.
  const tip = make("div");
  tip.id = "tip";
  tip.hidden = true;
  tip.setAttribute("aria-hidden", "true");
  document.body.append(tip);
  const dot = (colour) => {
    const made = make("i");
    made.style.background = colour;
    return made;
  };
  const palette = (chart) => Object.fromEntries(chart.colours.names.map((name, place) => [name, chart.colours[isDark() ? "dark" : "light"][place]]));
  const four = (value) => (value === null || value === undefined ? "–" : String(Number(Number(value).toPrecision(4))));
  const ofEpoch = (chart, epoch, hidden) => {
    const colours = palette(chart);
    const found = new Map();
    for (const row of expanded(chart)) {
      if (row.epoch === epoch && row.median !== null && !hidden.has(row.row)) {
        found.set(row.row, { ...found.get(row.row), [row.split]: row });
      }
    }
    const lines = [...found].sort(([, a], [, b]) => (a.test ?? a.val).median - (b.test ?? b.val).median);
    const made = lines.slice(0, 24).map(([name, { test, val }]) => make("tr", null,
      make("td", null, dot(colours[name]), name), make("td", four(test?.median)),
      make("td", test?.n > 1 ? `${four(test.low)} to ${four(test.high)}` : ""), make("td", four(val?.median))));
    const head = make("tr", null, ...["", "test", "range", "validation"].map((name) => make("td", name)));
    return [head, ...made];
  };
  const handler = (chart, hidden) => (_, event, item, value) => {
    if (value === null || value === undefined || value === "") { tip.hidden = true; return; }
    if (typeof value !== "object") tip.replaceChildren(make("span", shown(value)));
    else if (chart.kind === "curves") {
      const epoch = (item.datum.datum ?? item.datum).epoch; // of the rule, or of the area in which it is the nearest
      tip.replaceChildren(make("b", `epoch ${epoch}`), make("table", null, make("tbody", null, ...ofEpoch(chart, epoch, hidden))));
    } else {
      const number = (each) => (each !== "" && !Number.isNaN(Number(each)) ? four(each) : shown(each));
      const lines = Object.entries(value).map(([key, each]) => make("tr", null, make("td", key), make("td", number(each))));
      tip.replaceChildren(make("table", null, make("tbody", null, ...lines)));
    }
    tip.hidden = false;
    const { width, height } = tip.getBoundingClientRect();
    const x = event.clientX + 14 + width > innerWidth ? event.clientX - 14 - width : event.clientX + 14;
    tip.style.left = `${Math.max(4, x)}px`;
    tip.style.top = `${Math.max(4, Math.min(event.clientY + 14, innerHeight - height - 4))}px`;
  };

  // Charts are drawn when they come near the screen.
  const expanded = (chart) => {
    const names = Object.keys(chart.values);
    chart.rows ??= Array.from({ length: chart.values[names[0]]?.length ?? 0 }, (_, place) =>
      Object.fromEntries(names.map((name) => [name, chart.values[name][place]])));
    return chart.rows;
  };
  const config = () => {
    const [ink, soft, line] = isDark() ? ["#e6e8eb", "#a3acb8", "#343a44"] : ["#1b1f24", "#59626d", "#d9dde3"];
    const font = getComputedStyle(document.body).fontFamily;
    return {
      background: null, font,
      axis: { labelColor: ink, titleColor: soft, gridColor: line, domainColor: line, tickColor: line, titleFontWeight: "normal", labelFontSize: 11.5, titleFontSize: 11.5, labelLimit: 170 },
      legend: { labelColor: ink, titleColor: soft, titleFontWeight: "normal", labelFontSize: 11.5 },
      view: { stroke: null }, rule: { color: soft }, text: { color: ink, fontSize: 11.5 }, point: { color: ink },
    };
  };
  const drawn = new Map();
  const hiddenOf = new Map();
  const draw = async (place) => {
    const chart = page.charts[place.id];
    const hidden = hiddenOf.get(place.dataset.section) ?? new Set();
    const spec = JSON.parse(JSON.stringify(chart.spec), (_, value) => (value === "@lines" ? chart.colours[isDark() ? "dark" : "light"] : value));
    spec.data = { values: expanded(chart).map((row) => ({ ...row })) };
    const options = { actions: false, ast: true, defaultStyle: false, renderer: "canvas", tooltip: handler(chart, hidden), config: config(), mode: "vega-lite", logLevel: 1 };
    try {
      drawn.get(place)?.finalize();
      const { view, finalize } = await vegaEmbed(place, spec, options);
      drawn.set(place, { view, finalize, chart });
      place.classList.add("drawn");
      if (hidden.size) show(place);
    } catch (error) {
      place.textContent = `This chart cannot be drawn here (${error.message}); its numbers are in the table below.`;
    }
  };
  const show = (place) => {
    const { view, chart } = drawn.get(place);
    const hidden = hiddenOf.get(place.dataset.section) ?? new Set();
    if (!chart.spec.params?.some((each) => each.name === "shown")) return;
    view.signal("shown", chart.colours.names.filter((name) => !hidden.has(name))).runAsync();
  };
  const begun = new Set();
  const begin = (place) => {
    if (begun.has(place)) return;
    begun.add(place);
    watcher.unobserve(place);
    draw(place);
  };
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) begin(entry.target);
  }, { rootMargin: "400px" });
  for (const place of find(".chart")) watcher.observe(place);

  // One legend for all charts of a section; its buttons hide and show lines.
  const legend = (place) => {
    const of = place.dataset.of;
    const hidden = new Set();
    hiddenOf.set(of, hidden);
    const charts = find(`.chart[data-section="${of}"]`);
    const named = new Map();
    for (const each of charts) for (const [name, colour] of Object.entries(palette(page.charts[each.id]))) named.set(name, colour);
    for (const [name, colour] of named) {
      const button = make("button", null, dot(colour), name);
      button.type = "button";
      button.setAttribute("aria-pressed", "true");
      button.addEventListener("click", () => {
        if (!hidden.delete(name)) hidden.add(name);
        button.setAttribute("aria-pressed", String(!hidden.has(name)));
        for (const each of charts) if (drawn.has(each)) show(each);
      });
      place.append(button);
    }
  };
  const legends = find(".legend");
  for (const place of legends) legend(place);
  const redraw = () => {
    for (const place of legends) {
      const colours = Object.assign({}, ...find(`.chart[data-section="${place.dataset.of}"]`).map((each) => palette(page.charts[each.id])));
      for (const button of find("button", place)) button.querySelector("i").style.background = colours[button.lastChild.textContent];
    }
    for (const place of [...drawn.keys()]) draw(place);
  };
  addEventListener("beforeprint", () => find(".chart").forEach(begin));
})();
