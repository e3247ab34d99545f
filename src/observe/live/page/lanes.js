// lanes.js: connections as lanes on one time axis. Only the lanes in view are
// elements, however many there are; the list is operated by keyboard.

const GLYPHS = { request: "◆", closed: "│", reset: "✕", deadline: "◷", lost: "?" };

const APART = 0.5; // percent of the axis between two marks that can be told apart

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
    if (key === "Escape") return (this.#choose(undefined), true);
    if (by === undefined || !this.#shown.length) return false;
    const now = this.#shown.findIndex((entry) => entry.key === this.#chosen);
    const next = now < 0 ? 0 : Math.min(this.#shown.length - 1, Math.max(0, now + by));
    this.#choose(this.#shown[next]);
    this.reveal(this.#shown[next].key);
    return true;
  }

  #rowHeight() {
    const style = getComputedStyle(document.documentElement);
    return parseFloat(style.getPropertyValue("--row")) * parseFloat(style.fontSize);
  }

  // Scrolls until the lane is in view.
  reveal(key) {
    const [index, height] = [this.#shown.findIndex((entry) => entry.key === key), this.#rowHeight()];
    if (index < 0) return;
    const [top, room] = [index * height, this.#list.clientHeight];
    if (top < this.#list.scrollTop) this.#list.scrollTop = top;
    else if (top + height > this.#list.scrollTop + room) this.#list.scrollTop = top + height - room;
  }

  // Draws `entries`, the newest first, on an axis of axis.js.
  draw({ entries, axis, chosen, now }) {
    this.#chosen = chosen;
    const height = this.#rowHeight();
    this.#keepPlace(entries, height);
    this.#shown = entries;
    this.#space.style.height = `${entries.length * height}px`;
    // The list is as high as its lanes, up to a limit: it is measured once it has its new height, and before
    // the lanes change, for what is measured between changes is laid out again each time.
    const [top, room, width] = [this.#list.scrollTop, this.#list.clientHeight, this.#axis.clientWidth];
    const first = Math.max(0, Math.floor(top / height) - 2);
    const last = Math.min(entries.length, Math.ceil((top + room) / height) + 2);
    const inView = new Set();
    for (let index = first; index < last; index += 1) {
      const entry = entries[index];
      inView.add(entry.key);
      this.#drawRow(entry, index, height, { axis, now, size: entries.length });
    }
    for (const [key, row] of this.#rows) {
      if (inView.has(key)) continue;
      row.remove();
      this.#rows.delete(key);
    }
    const active = this.#rows.get(chosen);
    if (active) this.#list.setAttribute("aria-activedescendant", active.id);
    else this.#list.removeAttribute("aria-activedescendant");
    this.#drawAxis(axis, width);
  }

  // New lanes come in at the top: a reader who has scrolled down keeps what is in view.
  #keepPlace(entries, height) {
    const { scrollTop } = this.#list;
    if (scrollTop < 1) return;
    const index = Math.floor(scrollTop / height);
    const top = this.#shown[index];
    const now = top ? entries.findIndex((entry) => entry.key === top.key) : -1;
    if (now < 0 || now === index) return;
    this.#space.style.height = `${entries.length * height}px`;
    this.#list.scrollTop += (now - index) * height;
  }

  #drawRow(entry, index, height, view) {
    let row = this.#rows.get(entry.key);
    if (!row) {
      const parts = ["status", "what", "more", "who"].map((part) => el("span", { class: `lane-${part}` }));
      parts.push(el("span", { class: "visually-hidden" }));
      const id = `lane-${entry.key.replace(/\W/g, "-")}`;
      row = el(
        "div",
        { class: "lane", role: "option", id },
        el("span", { class: "lane-head" }, parts),
        el("span", { class: "track", "aria-hidden": "true" }),
      );
      this.#rows.set(entry.key, row);
      this.#space.append(row);
    }
    row.style.top = `${index * height}px`;
    row.setAttribute("aria-setsize", view.size);
    row.setAttribute("aria-posinset", index + 1);
    row.setAttribute("aria-selected", entry.key === this.#chosen);
    const shown = entry.waiting ?? entry.view;
    if (row.shown !== shown) {
      row.shown = shown;
      nameLane(row.firstChild.children, entry);
      row.classList.toggle("is-waiting", entry.waiting !== undefined);
      row.title = shown.ended ?? shown.spoken;
    }
    const { standsStill } = view.axis;
    if (standsStill && row.drawn === standsStill && row.drawnOf === shown && !entry.waiting) return;
    [row.drawn, row.drawnOf] = [standsStill, shown];
    row.lastChild.replaceChildren(...lane(entry, view));
  }

  #drawAxis({ marks }, width) {
    const nodes = withoutOverlap(marks(width), width).map(({ at, text, isFold, isBegin }) => {
      const edge = at < 0.04 ? "at-start" : at > 0.96 ? "at-end" : "";
      const mark = el("span", { class: `${edge} ${isFold ? "folded" : ""} ${isBegin ? "begin" : ""}` }, text);
      mark.style.left = `${at * 100}%`;
      return mark;
    });
    this.#axis.replaceChildren(...nodes);
  }
}

// What stands before a lane: its first request and what came of it; then who, and how many more.
function nameLane([status, what, more, who, ended], { record, view, waiting, port }) {
  status.textContent = waiting ? "" : visible(view.status);
  status.className = `lane-status tone ${waiting ? "" : view.tone}`;
  what.textContent = waiting ? waiting.about : visible(view.about);
  what.classList.toggle("is-silent", waiting !== undefined || !view.status);
  who.textContent = waiting ? port.trim() : `#${record.connection} ${partOf(record)}`.trimEnd() + port;
  ended.textContent = view ? `, ${view.ended}` : "";
  const failed = view?.failed && el("span", { class: `tone ${view.failed.tone}` }, String(view.failed.status));
  more.replaceChildren(...(view?.more ? [`+${count(view.more)}`, ...(failed ? [" · ", failed] : [])] : []));
}

// The bars and marks of one lane; times of a record count from its accept.
function lane(entry, { axis, now }) {
  const { accepted, view, waiting } = entry;
  const { from, to } = axis;
  const place = (at) => axis.place(at) * 100;
  const parts = axis.folds.map(({ left, width }) => {
    const fold = el("span", { class: "fold" });
    fold.style.left = `${left * 100}%`;
    fold.style.width = `${width * 100}%`;
    return fold;
  });
  const bar = (kind, a, b) => {
    if (b < from || a > to) return;
    const [left, right] = [Math.max(0, place(a)), Math.min(100, place(b))];
    const node = el("span", { class: kind });
    node.style.left = `min(${left}%, 100% - 3px)`;
    node.style.width = `${Math.max(0, right - left)}%`;
    parts.push(node);
  };
  if (waiting) {
    bar("queued", entry.begin, now);
    return parts;
  }
  let drawn = -Infinity; // up to where there is a bar
  for (const { kind, from: since, to: until, tone } of view.lane.bars) {
    const [begin, end] = [accepted + since / MS, until === null ? Math.max(now, accepted) : accepted + until / MS];
    // What nobody could tell from the one before is left out; an error is not.
    if (kind === "exchange" && !tone.endsWith("_error") && place(end) < drawn + APART) continue;
    bar(`${kind} ${tone}`, begin, end);
    if (kind === "exchange") drawn = place(end);
  }
  let marked = -Infinity;
  for (const { kind, at } of view.lane.marks) {
    const time = accepted + at / MS;
    if (time < from || time > to) continue;
    if (kind === "request" && place(time) < marked + APART) continue;
    if (kind === "request") marked = place(time);
    const node = el("span", { class: `mark ${kind}` }, GLYPHS[kind]);
    node.style.left = `clamp(4px, ${place(time)}%, 100% - 5px)`;
    parts.push(node);
  }
  return parts;
}
