// drawing.js: an act as a picture: time runs downwards, departures stand beside the
// sender, arrivals beside the receiver, a lost one stops half way.

const ROW = 14; // points between two texts
const LETTER = 6.5; // points of a letter, about; of a wide one twice that
const NARROW = 540;
const BESIDE = 54; // points from an end to what its program did
const MOST_BESIDE = 0.6; // of the picture, for both ends together
const APART = 7; // points between an arrow and that of its copy

class Drawing {
  // An act: { setting, segments, calls, flights }, in `width` points.
  constructor(act, width, title) {
    const isNarrow = width < NARROW;
    // Beside each end: times, and what its program did; the rest of the picture is for the arrows.
    const wanted = (side) => {
      const longest = Math.max(0, ...act.calls.filter((call) => call.side === side).map(({ text }) => lengthOf(text)));
      return isNarrow ? 46 : BESIDE + 6 + longest * LETTER;
    };
    const fit = Math.min(1, (width * MOST_BESIDE) / (wanted("client") + wanted("server")));
    this.ends = { client: wanted("client") * fit, server: width - wanted("server") * fit };
    this.middle = (this.ends.client + this.ends.server) / 2;
    this.width = width;
    this.scale = new Scale(act, 34);
    this.parts = []; // what changes with the moment that is shown
    this.labels = [];
    const { client, server } = this.ends;
    const height = this.scale.bottom + 26;
    this.node = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": title });
    const line = (x, side) => svg("path", { class: `life ${side}`, d: `M${x} 26V${height - 8}` });
    const name = (x, side) => svg("text", { x, y: 15, class: `name ${side}`, "text-anchor": "middle" }, say(side));
    this.now = svg("path", { class: "now", d: `M${client} 0H${server}`, visibility: "hidden" });
    this.node.append(line(client, "client"), line(server, "server"), name(client, "client"), name(server, "server"));
    this.#pauses();
    const texts = svg("g");
    const flights = new Map(
      act.flights.flatMap(({ segments, label }) => segments.map((number, index) => [number, index ? "" : label])),
    );
    // No label covers where one was lost.
    for (const one of act.segments)
      if (one.is_lost)
        this.labels.push([this.middle, this.scale.y(one.decided ?? one.left + act.setting.delay_ms / 2) + 4, 8]);
    const labelOf = (one) => flights.get(one.number) ?? one.label;
    for (const one of act.segments) this.#arrow(one, labelOf(one), texts, act.setting.delay_ms);
    this.#times(act.segments, texts);
    this.#calls(act.calls, texts, isNarrow);
    this.node.append(this.now, texts);
    this.end = Math.max(this.scale.length, 0);
    this.show(Infinity);
  }

  // Shows what had happened by then; of an arrow, the part that was travelled.
  show(at) {
    for (const part of this.parts) part(at);
    const isWithin = Number.isFinite(at);
    this.now.setAttribute("visibility", isWithin ? "visible" : "hidden");
    if (isWithin) this.now.setAttribute("transform", `translate(0 ${this.scale.y(at)})`);
  }

  #pauses() {
    for (const { from, to, skipped } of this.scale.pauses) {
      const y = this.scale.place((from + to) / 2);
      this.node.append(
        svg("path", { class: "pause", d: `M${this.ends.client} ${y}H${this.ends.server}` }),
        svg("text", { x: this.ends.client + 10, y: y + 4, class: "halo soft" }, `⋮ ${milliseconds(skipped)}`),
      );
    }
  }

  #arrow(one, label, texts, delay) {
    const isBack = one.direction === "to_client";
    const [from, to] = isBack ? [this.ends.server, this.ends.client] : [this.ends.client, this.ends.server];
    const y = (at) => this.scale.y(at);
    const points = [[one.left, from, y(one.left)]];
    // Where a person is the wire it stays in the middle until that is decided.
    const waits = one.decided !== undefined || one.waits;
    const middle = this.middle + (waits ? (isBack ? 9 : -9) : 0);
    if (waits) points.push([one.left, middle, y(one.left) + 8]);
    if (one.decided !== undefined) points.push([one.decided, middle, Math.max(y(one.decided), y(one.left) + 8)]);
    const isThere = one.arrived !== undefined;
    if (isThere) points.push([one.arrived, to, Math.max(y(one.arrived), points.at(-1)[2])]);
    else if (!waits) points.push([one.left + delay / 2, this.middle, y(one.left) + FALL / 2]);
    const kind = one.is_lost ? "lost" : isBack ? "server" : "client";
    const more = [one.is_again && "again", one.is_damaged && "damaged", !isThere && !one.is_lost && "open"];
    const path = svg("path", { class: ["arrow", kind, ...more].filter(Boolean).join(" ") });
    const [end, x, bottom] = points.at(-1);
    const head = one.is_lost ? cross(x, bottom) : isThere ? tip(points.at(-2), points.at(-1), kind) : undefined;
    const copy = this.#copy(one, points, waits ? middle : from, to);
    const twin = copy.length ? svg("path", { class: `arrow copy ${kind}` }) : undefined;
    const twinHead = copy.length ? tip(...copy, kind) : undefined;
    const flaw = one.is_damaged ? zigzag(points) : undefined;
    this.node.append(...[path, twin, twinHead].filter(Boolean));
    if (head) (one.is_lost ? texts : this.node).append(head);
    if (flaw) {
      texts.append(flaw.node);
      this.labels.push([flaw.x, flaw.y + 4, 10]);
    }
    const text = label ? this.#label(label, points, kind) : undefined;
    if (text) texts.append(text);
    this.parts.push((at) => {
      path.setAttribute("d", travelled(points, at));
      twin?.setAttribute("d", travelled(copy, at));
      reveal(head, at >= end);
      reveal(twinHead, at >= one.copy);
      reveal(flaw?.node, at >= flaw?.at);
      reveal(text, at >= one.left);
    });
  }

  // The way of the second of a doubled one: beside the first, where both went at the same time.
  #copy(one, points, from, to) {
    if (one.copy === undefined) return [];
    const begin = one.decided ?? one.left;
    const y = (at) => Math.max(this.scale.y(at), points.find(([moment]) => moment === at)?.[2] ?? 0);
    const below = one.arrived === undefined ? 0 : Math.max(0, APART - (y(one.copy) - points.at(-1)[2]));
    return [
      [begin, from, y(begin) + below],
      [one.copy, to, y(one.copy) + below],
    ];
  }

  // A label where it covers no other; where there is no such place, a mark that there is one.
  #label(text, points, kind) {
    const room = (this.ends.server - this.ends.client - 12) / LETTER;
    const whole = this.#placed(broken(text, room), points, kind);
    if (whole) return whole;
    const mark = this.#placed(["…"], points, kind);
    mark?.append(svg("title", {}, text));
    return mark;
  }

  // Rows of a label where they cover no other: nearer the receiver, where neighbours are drawn apart.
  #placed(rows, points, kind) {
    const half = (Math.max(...rows.map(lengthOf)) * LETTER) / 2 + 3;
    const [first, last] = [points.length > 2 ? points.at(-2) : points[0], points.at(-1)];
    const places = [0.62, 0.5, 0.74, 0.38, 0.84, 0.28].map((part) => {
      const x = first[1] + (last[1] - first[1]) * part;
      return [this.#within(x, half), first[2] + (last[2] - first[2]) * part - 4];
    });
    const [x0, y0] = places[0];
    for (let down = 1; down < 12; down += 1) places.push([x0, y0 + down * 4]);
    const boxesAt = ([x, y]) => rows.map((_, row) => [x, y + row * ROW, half]);
    const isFree = ([x, y, half]) =>
      this.labels.every(([x2, y2, half2]) => Math.abs(x - x2) > half + half2 || Math.abs(y - y2) >= ROW - 1);
    const place = places.find((one) => boxesAt(one).every(isFree));
    if (!place) return undefined;
    this.labels.push(...boxesAt(place));
    const [x, y] = place;
    const height = rows.length * ROW;
    const plate = svg("rect", { x: x - half, y: y - ROW + 4, width: 2 * half, height, class: "plate" });
    const texts = rows.map((row, index) =>
      svg("text", { x, y: y + index * ROW, class: kind, "text-anchor": "middle" }, row),
    );
    return svg("g", {}, plate, ...texts);
  }

  // Between the two ends, or at least within the picture.
  #within(x, half) {
    const [left, right] = [this.ends.client + half + 3, this.ends.server - half - 3];
    if (left <= right) return Math.min(Math.max(x, left), right);
    return Math.min(Math.max(x, half), this.width - half);
  }

  // Departures and arrivals beside each end, none over another; of those that crowd together the first.
  #times(segments, texts) {
    const marks = { client: [], server: [] };
    for (const one of segments) {
      const isBack = one.direction === "to_client";
      marks[isBack ? "server" : "client"].push(one.left);
      for (const at of [one.arrived, one.copy]) if (at !== undefined) marks[isBack ? "client" : "server"].push(at);
    }
    for (const [side, moments] of Object.entries(marks)) {
      const outwards = side === "client" ? -8 : 8;
      const anchor = side === "client" ? "end" : "start";
      let [last, shown] = [-Infinity, ""];
      for (const at of moments.sort((a, b) => a - b)) {
        const [y, words] = [this.scale.y(at), at.toFixed(at < 1000 ? 1 : 0)];
        if (words === shown || y < last + ROW - 3) continue;
        [last, shown] = [y, words];
        const text = svg(
          "text",
          { x: this.ends[side] + outwards, y: y + 4, class: side, "text-anchor": anchor },
          words,
        );
        texts.append(text);
        this.parts.push((moment) => reveal(text, moment >= at));
      }
    }
  }

  // What the programs did stands on their own side; of those that crowd, how many more there are.
  #calls(calls, texts, isNarrow) {
    const lowest = { client: undefined, server: undefined };
    for (const call of calls) {
      const { at, side } = call;
      const y = this.scale.y(at);
      const dot = svg("circle", { cx: this.ends[side], cy: y, r: 3, class: `dot ${side}` });
      this.node.append(dot);
      this.parts.push((moment) => reveal(dot, moment >= at));
      if (isNarrow) continue;
      const last = lowest[side];
      const place = Math.max(y, last ? last.place + ROW - 1 : y);
      if (place - y < 2.2 * ROW) texts.append((lowest[side] = { call, place, more: [], node: svg("g") }).node);
      else last.more.push(call);
      if (lowest[side] !== last) this.parts.push(this.#call(lowest[side]));
    }
  }

  // What shows a call as its text, with the number of those that have no room, as far as they had happened by then.
  #call({ call: { at, side, text: words }, place, more, node }) {
    const x = this.ends[side] + (side === "client" ? -BESIDE : BESIDE);
    const room = (side === "client" ? x : this.width - x) / LETTER;
    const anchor = side === "client" ? "end" : "start";
    const text = svg("text", { x, y: place + 4, class: "soft", "text-anchor": anchor });
    node.append(text);
    return (moment) => {
      const left = more.filter((call) => call.at <= moment);
      const count = left.length ? ` +${left.length}` : "";
      const whole = words + count;
      const letters = Math.floor((room / lengthOf(whole)) * whole.length);
      text.textContent = shortened(words, letters - count.length) + count;
      if (text.textContent !== words)
        text.append(svg("title", {}, [words, ...left.map(({ text }) => text)].join("\n")));
      reveal(node, moment >= at);
    };
  }
}

// The way through `points`, [moment, x, y] each, as far as it was gone by then.
function travelled(points, at) {
  if (at < points[0][0]) return "";
  const steps = [`M${round(points[0][1])} ${round(points[0][2])}`];
  for (let index = 1; index < points.length; index += 1) {
    const [[before, x, y], [end, x2, y2]] = [points[index - 1], points[index]];
    const part = end <= before ? 1 : Math.min((at - before) / (end - before), 1);
    steps.push(`L${round(x + (x2 - x) * part)} ${round(y + (y2 - y) * part)}`);
    if (part < 1) break;
  }
  return steps.join("");
}

function tip([, x0, y0], [, x, y], kind) {
  const angle = (Math.atan2(y - y0, x - x0) * 180) / Math.PI;
  return svg("path", {
    class: `tip ${kind}`,
    d: "M0 0L-9 -4.2V4.2Z",
    transform: `translate(${round(x)} ${round(y)}) rotate(${round(angle)})`,
  });
}

// Where the wire turned a bit: in the middle of the way, or where a person decided it.
function zigzag(points) {
  const [[before, x, y], [end, x2, y2]] = points.slice(-2);
  const isByHand = points.length > 2;
  const part = isByHand ? 0.25 : 0.5;
  const place = [round(x + (x2 - x) * part), round(y + (y2 - y) * part)];
  const transform = `translate(${place.join(" ")})`;
  const node = svg("path", { class: "flaw", d: "M-9 4L-3 -5L3 5L9 -4", transform });
  return { node, at: before + (end - before) * part, x: place[0], y: place[1] };
}

function cross(x, y) {
  return svg("path", { class: "cross", d: "M-5 -5L5 5M5 -5L-5 5", transform: `translate(${round(x)} ${round(y)})` });
}

function reveal(node, isShown) {
  node?.setAttribute("visibility", isShown ? "visible" : "hidden");
}

const round = (number) => Math.round(number * 10) / 10;
const lengthOf = (text) =>
  [...text].reduce(
    (sum, letter) =>
      sum + (letter > "\u1100" && letter < "\uffe0" && !(letter >= "\u2000" && letter < "\u2e80") ? 1.75 : 1),
    0,
  );
// In rows of at most this many letters, broken behind commas.
const broken = (text, letters) => {
  const rows = [];
  for (const piece of text.split(/(?<=, )/)) {
    if (rows.length && lengthOf((rows.at(-1) + piece).trimEnd()) <= letters) rows.push(rows.pop() + piece);
    else rows.push(piece);
  }
  return rows.map((row) => row.trimEnd());
};
const milliseconds = (ms) => `${ms.toLocaleString("en", { maximumFractionDigits: ms < 100 ? 1 : 0 })} ms`;
