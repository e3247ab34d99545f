// diagram.js: the sequence diagram: a row for each step, drawn over two life
// lines. The drawing is for the eyes; the text beside it says the same.

const WIDTH = 320;
const CLIENT_X = 21;
const SERVER_X = WIDTH - 21;
// Exchanges at either end that are drawn at once; those between them on demand.
const ENDS = 3;
// What a segment is that was sent again.
const SENT_AGAIN = ["again", "partly_again"];

// A time from which on a step is said to be later.
const JUMP = 100 * MS;

// The steps come from the server; this lays them out.
function diagram(record, view, open, showAll, redraw) {
  const kinds = ["measured", "derived", "not_visible"].map((kind) => known(kind, say(kind)));
  return el(
    "div",
    { class: "diagram" },
    el(
      "p",
      { class: "small" },
      `${say("diagram_hint")} `,
      kinds.flatMap((kind) => [kind, " "]),
    ),
    segmentTools(record, view.steps, open, redraw),
    el("div", { class: "columns", "aria-hidden": "true" }, el("span"), endsOf(record, view), el("span")),
    el("ol", { class: "steps" }, withoutMiddle(record, view, open, showAll, redraw)),
  );
}

function endsOf(record, view) {
  const port = (end, name, address) => el("span", { class: `${end}-ink` }, say(name, portOf(address)));
  const peer = view.is_proxied ? "proxy" : "client";
  return el("span", { class: "ends" }, port("client", peer, record.client), port("server", "server", record.server));
}

// Many exchanges: the first and the last of them, and a way to see all.
function withoutMiddle(record, { steps, exchanges }, open, showAll, redraw) {
  const numbers = exchanges.map((exchange) => exchange.number);
  const hidden = new Set(open.has("all") ? [] : numbers.slice(ENDS, -ENDS));
  const rows = [];
  let isSaid = false;
  withJumps(steps, (step, jump, number) => {
    if (step.exchange === null || !hidden.has(step.exchange)) {
      if (jump) rows.push(jump);
      rows.push(row(record, step, { number, open, redraw }));
    } else if (!isSaid) {
      isSaid = true;
      const more = el("div", { class: "step-text" }, button(say("more_exchanges", hidden.size), showAll));
      rows.push(el("li", { class: "step" }, el("span"), lines(), more));
    }
  });
  return rows;
}

// Goes through the steps; where time jumps there is a mark before one.
function withJumps(steps, put) {
  let before;
  steps.forEach((step, index) => {
    const at = value(step.at);
    const isLater = before !== undefined && at !== undefined && at - before >= JUMP;
    put(step, isLater ? jumpRow(at - before) : undefined, index + 1);
    before = at ?? before;
  });
}

const jumpRow = (ns) => el("li", { class: "jump" }, el("span"), lines(), el("span", {}, say("later", duration(ns))));

function row(record, step, { number, open, redraw }) {
  const at = value(step.at);
  const bound = { at_most: "≤ ", at_least: "≥ ", about: "~ " }[step.bound] ?? "";
  const label = {
    class: "step-number",
    href: linkTo(record, { step: number }),
    "aria-label": say("link_to_step", number),
  };
  const time = el(
    "span",
    { class: "step-time" },
    el("span", {}, at === undefined ? "" : `${bound}${exactly(at)}`),
    el("a", label, String(number)),
  );
  const begins = step.id.endsWith("-request") ? " begins-exchange" : "";
  const isAgain = record.segments?.list[step.segment?.index]?.facts?.some(({ fact }) => SENT_AGAIN.includes(fact));
  const attributes = { class: `step${begins}${isAgain ? " again" : ""}`, "data-step": step.id };
  const packet = step.segment && redraw ? packetParts(record, step.segment, open, redraw) : "";
  const numbered = step.segment && open.has("absolute") ? { ...step, caption: inTheHeader(step.segment) } : step;
  return el(
    "li",
    attributes,
    time,
    lines(drawing(numbered)),
    el("div", { class: "step-text" }, stepWords(numbered, open), packet),
  );
}

function stepWords(step, open) {
  const isNumbered = step.segment && open.has("absolute");
  const title = isNumbered ? step.caption : [step.label, step.title].filter(Boolean).map(visible).join(": ");
  return [
    el("span", { class: `what tone ${step.tone}` }, title),
    step.sentence ? el("p", { class: "sentence" }, visible(step.sentence)) : "",
    step.how ? el("span", { class: "knowns" }, known(step.known, visible(step.how))) : "",
  ];
}

const lines = (picture) => el("div", { class: "step-lines", "aria-hidden": "true" }, picture);

// What no fact carries is not drawn.
function drawing(step) {
  const draw = { arrow, event: dot, wait, gap }[step.kind];
  if (!draw || (step.known === "not_visible" && step.kind !== "gap")) return undefined;
  return svg("svg", { viewBox: `0 0 ${WIDTH} 46`, width: WIDTH, height: 46 }, draw(step));
}

function arrow({ direction, caption, known: style }) {
  const toServer = direction === "to_server";
  const from = toServer ? "client" : "server";
  const [start, end] = toServer ? [CLIENT_X, SERVER_X] : [SERVER_X, CLIENT_X];
  const back = toServer ? -10 : 10;
  const line = { class: `arrow from-${from} ${style}`, x1: start, y1: 29, x2: end + back / 2, y2: 29 };
  return [
    svg("line", line),
    svg("path", { class: `head from-${from} ${style}`, d: `M${end} 29l${back} -5.5v11z` }),
    svg("text", { x: WIDTH / 2, y: 19, "text-anchor": "middle" }, shortened(visible(caption), 40)),
  ];
}

function dot({ place: at, caption, known: style }) {
  if (at === "wire") {
    const text = { x: WIDTH / 2, y: 15, "text-anchor": "middle" };
    return [
      svg("circle", { class: `dot wire ${style}`, cx: WIDTH / 2, cy: 29, r: 5 }),
      svg("text", text, shortened(visible(caption), 36)),
    ];
  }
  const x = at === "client" ? CLIENT_X : SERVER_X;
  return [svg("circle", { class: `dot ${at} ${style}`, cx: x, cy: 23, r: 5 }), beside(at, x, 13, caption)];
}

function wait({ place: at, caption }) {
  const x = at === "client" ? CLIENT_X : SERVER_X;
  return [svg("rect", { class: "wait", x: x - 7, y: 4, width: 14, height: 38, rx: 4 }), beside(at, x, 15, caption)];
}

// Where something is missing no arrow stands.
function gap({ caption }) {
  return [svg("text", { class: "gap", x: WIDTH / 2, y: 27, "text-anchor": "middle" }, shortened(visible(caption), 44))];
}

function beside(at, x, distance, caption) {
  const where = at === "client" ? { x: x + distance, y: 27 } : { x: x - distance, y: 27, "text-anchor": "end" };
  return svg("text", where, shortened(visible(caption), 36));
}
