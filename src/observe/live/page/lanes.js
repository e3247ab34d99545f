// lanes.js: connections as lanes on one time axis. Only the lanes in view are
// elements, however many there are; the list is operated by keyboard.

const GLYPHS = { fin: "│", reset_by_client: "✕", reset_by_server: "✕", timeout: "◷", lost: "?" };

class Lanes {
  #list = byId("lanes");
  #space = byId("lanes-space");
  #axis = byId("axis");
  #rows = new Map();
  #shown = [];
  #choose;
  #chosen;

  // `choose(entry)` is called with what the user chose, or with nothing; `enter()` when Enter is pressed.
  constructor(choose, enter) {
    this.#choose = choose;
    this.#list.addEventListener("click", (event) => {
      const row = event.target.closest(".lane");
      const entry = this.#shown.find((entry) => this.#rows.get(entry.key) === row);
      if (entry) choose(entry);
    });
    this.#list.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (this.#press(event.key, enter)) event.preventDefault();
    });
    this.#list.addEventListener("scroll", () => this.onScroll?.());
  }

  focus() {
    this.#list.focus();
  }

  #press(key, enter) {
    const page = Math.max(1, Math.floor(this.#list.clientHeight / this.#rowHeight()) - 1);
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity }[key];
    if (key === "Enter") return this.#chosen !== undefined && (enter(), true);
    if (key === "Escape") return this.#choose(undefined), true;
    if (by === undefined || !this.#shown.length) return false;
    const now = this.#shown.findIndex((entry) => entry.key === this.#chosen);
    const next = now < 0 ? 0 : Math.min(this.#shown.length - 1, Math.max(0, now + by));
    this.#choose(this.#shown[next]);
    this.reveal(this.#shown[next].key);
    return true;
  }

  #rowHeight() {
    return parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--row")) * parseFloat(getComputedStyle(document.documentElement).fontSize);
  }

  // Scrolls until the lane is in view.
  reveal(key) {
    const [index, height] = [this.#shown.findIndex((entry) => entry.key === key), this.#rowHeight()];
    if (index < 0) return;
    const [top, room] = [index * height, this.#list.clientHeight];
    if (top < this.#list.scrollTop) this.#list.scrollTop = top;
    else if (top + height > this.#list.scrollTop + room) this.#list.scrollTop = top + height - room;
  }

  // Draws `entries`, the newest first, on an axis from `from` to `to` (milliseconds since 1970);
  // its marks count from `origin`.
  draw({ entries, from, to, origin, chosen, now }) {
    this.#chosen = chosen;
    const height = this.#rowHeight();
    this.#keepPlace(entries, height);
    this.#shown = entries;
    this.#space.style.height = `${entries.length * height}px`;
    const first = Math.max(0, Math.floor(this.#list.scrollTop / height) - 2);
    const last = Math.min(entries.length, Math.ceil((this.#list.scrollTop + this.#list.clientHeight) / height) + 2);
    const inView = new Set();
    for (let index = first; index < last; index += 1) {
      const entry = entries[index];
      inView.add(entry.key);
      this.#drawRow(entry, index, height, { from, to, now, size: entries.length });
    }
    for (const [key, row] of this.#rows) {
      if (inView.has(key)) continue;
      row.remove();
      this.#rows.delete(key);
    }
    const active = this.#rows.get(chosen);
    if (active) this.#list.setAttribute("aria-activedescendant", active.id);
    else this.#list.removeAttribute("aria-activedescendant");
    this.#drawAxis(from, to, origin);
  }

  // New lanes come in at the top: whoever has scrolled down keeps what is in view.
  #keepPlace(entries, height) {
    if (this.#list.scrollTop < 1) return;
    const index = Math.floor(this.#list.scrollTop / height);
    const top = this.#shown[index];
    const now = top ? entries.findIndex((entry) => entry.key === top.key) : -1;
    if (now < 0 || now === index) return;
    this.#space.style.height = `${entries.length * height}px`;
    this.#list.scrollTop += (now - index) * height;
  }

  #drawRow(entry, index, height, view) {
    let row = this.#rows.get(entry.key);
    if (!row) {
      row = el("div", { class: "lane", role: "option", id: `lane-${entry.key.replace(/\W/g, "-")}` },
        el("span", { class: "lane-head" }, el("span", { class: "lane-number" }), el("span", { class: "lane-port" }), el("span", { class: "lane-what" })),
        el("span", { class: "track", "aria-hidden": "true" }));
      this.#rows.set(entry.key, row);
      this.#space.append(row);
    }
    row.style.top = `${index * height}px`;
    row.setAttribute("aria-setsize", view.size);
    row.setAttribute("aria-posinset", index + 1);
    row.setAttribute("aria-selected", entry.key === this.#chosen);
    if (row.record !== entry.record) {
      row.record = entry.record;
      const [number, port, what] = row.firstChild.children;
      number.textContent = `#${entry.record.connection}`;
      port.textContent = `:${entry.port}`;
      what.textContent = about(entry.record);
      what.classList.toggle("is-silent", !entry.record.exchanges.length);
      row.setAttribute("aria-label", aboutAloud(entry));
      row.title = ended(entry.record);
    }
    row.lastChild.replaceChildren(...lane(entry, view));
  }

  #drawAxis(from, to, origin) {
    const span = to - from;
    const step = niceStep(span, this.#list.clientWidth < 600 ? 3 : 6);
    const marks = [];
    for (let at = Math.ceil((from - origin) / step) * step; at <= to - origin + step / 1e6; at += step) {
      const place = (at + origin - from) / span;
      const edge = place < 0.04 ? "at-start" : place > 0.96 ? "at-end" : undefined;
      const text = Math.abs(at) < step / 1e6 ? (origin === to ? "now" : "0") : moment(at * MS).replace(/\.0+ /, " ").replace(/(\.\d*?)0+ /, "$1 ");
      const mark = el("span", { class: edge }, text);
      mark.style.left = `${place * 100}%`;
      marks.push(mark);
    }
    this.#axis.replaceChildren(...marks);
  }
}

// The bars and marks of one lane.
function lane(entry, { from, to, now }) {
  const { record, accepted, begin, end } = entry;
  const place = (at) => ((at - from) / (to - from)) * 100;
  const last = end ?? now;
  const parts = [];
  const bar = (kind, a, b) => {
    if (b < from || a > to) return;
    const [left, right] = [Math.max(0, place(a)), Math.min(100, place(b))];
    const node = el("span", { class: kind });
    node.style.left = `min(${left}%, 100% - 3px)`;
    node.style.width = `${Math.max(0, right - left)}%`;
    parts.push(node);
  };
  const mark = (kind, at, glyph) => {
    if (at < from || at > to) return;
    const node = el("span", { class: `mark ${kind}` }, glyph);
    node.style.left = `clamp(4px, ${place(at)}%, 100% - 5px)`;
    parts.push(node);
  };
  if (begin < accepted) bar("queued", begin, accepted);
  bar("open", accepted, last);
  for (const exchange of record.exchanges) {
    const { arrived, first_read: read, head_complete: whole, first_write: write, last_write: written, acknowledged } = exchange.stages;
    const begun = value(arrived) ?? value(read) ?? value(whole);
    if (begun === undefined) continue;
    const done = value(acknowledged) ?? value(written) ?? value(write) ?? (record.close ? begun : (last - accepted) * MS);
    // Until the accept it waits in the queue, whatever has arrived by then.
    const [from, until] = [Math.max(0, begun), Math.max(0, begun, done)];
    bar("exchange", accepted + from / MS, accepted + until / MS);
    mark("request", accepted + begun / MS, "◆");
  }
  if (record.close) mark(record.close.how.startsWith("reset") ? "close reset" : "close", last, GLYPHS[record.close.how] ?? "│");
  return parts;
}
