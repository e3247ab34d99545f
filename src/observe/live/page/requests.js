// requests.js: all requests as a table: filtered, sorted, the newest first at the beginning.

const MOST_ROWS = 200; // that are elements; the filter finds the others
const MOST_LOOKED_AT = 20_000;
const REQUESTS_TURN = 300; // milliseconds between two looks

// A column: its name, by what it is sorted, and what stands in it.
const COLUMNS = [
  ["time", (row) => row.at, (row) => clockTime(row.at)],
  [
    "of_connection",
    (row) => row.entry.record.connection * 1e6 + row.number,
    (row) => `#${row.entry.record.connection}`,
  ],
  ["method", (row) => row.method, (row) => visible(row.method)],
  [
    "path",
    (row) => row.target,
    (row) => el("a", { href: linkTo(row.entry.record, { exchange: row.number }) }, visible(row.target)),
  ],
  [
    "status",
    (row) => row.status,
    (row) => el("span", { class: `tone ${row.tone}` }, row.status ? String(row.status) : "–"),
  ],
  ["bytes", (row) => row.bytes ?? -1, (row) => (row.bytes === null ? "" : count(row.bytes))],
  ["ms", (row) => row.lasts ?? -1, (row) => (row.lasts === null ? "" : inMs(row.lasts))],
  ["reused", (row) => Number(row.reused), (row) => say(row.reused ? "is_reused" : "is_new")],
];
const NUMBERS = ["of_connection", "bytes", "ms"];

const inMs = (ns) => (ns / MS).toFixed(ns < 10 * MS ? 2 : ns < 100 * MS ? 1 : 0);
const classOf = ({ status }) => (status ? `${Math.floor(status / 100)}xx` : "none");

class Requests {
  #body = byId("requests-rows");
  #choose;
  #rows = new Map(); // the elements, by their keys
  #sort = { column: 0, isDown: true };
  #drawnAt = 0;
  isShown = false;

  // `choose(entry, exchange)` is called with what the user chose.
  constructor(choose) {
    this.#choose = choose;
    byId("requests-head").append(
      ...COLUMNS.map(([name], index) => {
        const press = button(say(name), () => this.#sortBy(index));
        return el("th", { scope: "col", class: NUMBERS.includes(name) ? "num" : name }, press);
      }),
    );
    byId("requests-text").addEventListener("input", () => this.redraw());
    byId("requests-classes").addEventListener("change", () => this.redraw());
    this.#body.addEventListener("click", (event) => {
      const shown = [...this.#rows.values()].find(({ node }) => node === event.target.closest("tr"));
      if (!shown || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      this.#choose(shown.row.entry, shown.row.number);
    });
  }

  #isDue(time) {
    return this.isShown && time - this.#drawnAt >= REQUESTS_TURN;
  }

  redraw() {
    this.#drawnAt = -REQUESTS_TURN;
    change();
  }

  #sortBy(column) {
    const isSame = this.#sort.column === column;
    this.#sort = { column, isDown: isSame ? !this.#sort.isDown : column === 0 || NUMBERS.includes(COLUMNS[column][0]) };
    this.redraw();
  }

  draw(list, chosen, time) {
    if (!this.#isDue(time)) {
      if (this.isShown && (page.log || page.frozen)) change(); // nothing else brings the next look
      return;
    }
    this.#drawnAt = time;
    const all = rowsOf(list);
    const of = document.querySelector("input[name=class]:checked").value;
    const text = byId("requests-text").value.trim().toLowerCase();
    const found = all.filter((row) => (of === "all" || classOf(row) === of) && row.text.includes(text));
    const by = COLUMNS[this.#sort.column][1];
    const compare = (a, b) => (by(a) < by(b) ? -1 : by(a) > by(b) ? 1 : a.at - b.at);
    found.sort(this.#sort.isDown ? (a, b) => compare(b, a) : compare);
    this.#countClasses(all);
    this.#putRows(found.slice(0, MOST_ROWS), chosen);
    for (const [index, head] of [...byId("requests-head").children].entries()) {
      const isSorted = index === this.#sort.column;
      if (isSorted) head.setAttribute("aria-sort", this.#sort.isDown ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
    const shown = Math.min(found.length, MOST_ROWS);
    byId("requests-count").textContent = say("requests_shown", shown, all.length);
  }

  #countClasses(all) {
    const counts = new Map();
    for (const row of all) counts.set(classOf(row), (counts.get(classOf(row)) ?? 0) + 1);
    for (const input of document.querySelectorAll("input[name=class]")) {
      const number = input.value === "all" ? all.length : (counts.get(input.value) ?? 0);
      input.nextElementSibling.querySelector(".number").textContent = count(number);
      input.nextElementSibling.classList.toggle("is-none", number === 0);
    }
  }

  // An element that is there already stays, and keeps the focus that is in it.
  #putRows(rows, chosen) {
    const keys = new Set(rows.map(({ key }) => key));
    for (const key of this.#rows.keys()) if (!keys.has(key)) this.#rows.delete(key);
    const nodes = rows.map((row) => {
      let shown = this.#rows.get(row.key);
      if (shown?.row !== row) {
        const cells = COLUMNS.map(([name, , cell]) =>
          el("td", { class: NUMBERS.includes(name) ? "num" : name, "data-label": say(name) }, cell(row)),
        );
        if (shown) shown.node.replaceChildren(...cells);
        shown = { row, node: shown?.node ?? el("tr", {}, cells) };
        this.#rows.set(row.key, shown);
      }
      const isChosen = row.entry.key === chosen;
      const isPicked = isChosen && row.number === page.picked;
      shown.node.classList.toggle("is-chosen", isChosen);
      shown.node.classList.toggle("is-picked", isPicked);
      if (isPicked) shown.node.setAttribute("aria-current", "true");
      else shown.node.removeAttribute("aria-current");
      return shown.node;
    });
    if (nodes.length === this.#body.children.length && nodes.every((node, at) => node === this.#body.children[at]))
      return;
    const focused = document.activeElement;
    this.#body.replaceChildren(...nodes);
    if (this.#body.contains(focused)) focused.focus({ preventScroll: true });
  }
}

// The requests of these connections, the newest of them first.
const rowsOfViews = new WeakMap();
function rowsOf(list) {
  const rows = [];
  for (let index = list.length - 1; index >= 0 && rows.length < MOST_LOOKED_AT; index -= 1) {
    const entry = list[index];
    const made = rowsOfViews.get(entry.view) ?? entry.view.requests.map((request) => requestRow(entry, request));
    rowsOfViews.set(entry.view, made);
    rows.push(...made);
  }
  return rows;
}

function requestRow(entry, request) {
  const text = [`#${entry.record.connection}`, request.method, request.target, request.status].join(" ").toLowerCase();
  const at = entry.accepted + (request.at ?? 0) / MS;
  return { ...request, key: `${entry.key}/${request.number}`, entry, at, text };
}
