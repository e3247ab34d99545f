// diagram.js: the sequence diagram: a row for each step, drawn over two life
// lines. The drawing is for the eyes; the text beside it says the same.

const WIDTH = 320;
const CLIENT_X = 21;
const SERVER_X = WIDTH - 21;
// Exchanges at either end that are drawn at once; those between them on demand.
const ENDS = 3;

// The steps come from the server; this lays them out.
function diagram(record, view, open, showAll) {
  const port = (name, address) => el("span", { class: `${name}-ink` }, say(name, portOf(address)));
  const ends = el("span", { class: "ends" }, port("client", record.client), port("server", record.server));
  const kinds = ["measured", "derived", "not_visible"].map((kind) => known(kind, say(kind)));
  return el("div", { class: "diagram" },
    el("h3", {}, say("diagram")),
    el("p", { class: "small" }, `${say("diagram_hint")} `, kinds.flatMap((kind) => [kind, " "])),
    el("div", { class: "columns", "aria-hidden": "true" }, el("span"), ends, el("span")),
    el("ol", { class: "steps" }, withGap(view, open, showAll)));
}

// Many exchanges: the first and the last of them, and a way to see all.
function withGap({ steps, exchanges }, open, showAll) {
  const numbers = exchanges.map((exchange) => exchange.number);
  const hidden = new Set(open.has("all") ? [] : numbers.slice(ENDS, -ENDS));
  const rows = [];
  let isSaid = false;
  for (const step of steps) {
    if (step.exchange === null || !hidden.has(step.exchange)) {
      rows.push(row(step, open));
    } else if (!isSaid) {
      isSaid = true;
      const more = el("div", { class: "step-text" }, button(say("more_exchanges", hidden.size), showAll));
      rows.push(el("li", { class: "step" }, el("span"), lines(), more));
    }
  }
  return rows;
}

function row(step, open) {
  const at = value(step.at);
  const bound = { at_most: "≤ ", about: "~ " }[step.bound] ?? "";
  const time = at === undefined ? el("span", { class: "step-time absent" }, "")
    : el("span", { class: "step-time" }, `${bound}${exactly(at)}`);
  const begins = step.id.endsWith("-request") ? " begins-exchange" : "";
  return el("li", { class: `step${begins}`, "data-step": step.id }, time, lines(drawing(step)),
    el("div", { class: "step-text" }, stepWords(step, open)));
}

function stepWords(step, open) {
  const title = [step.label, step.title].filter(Boolean).map(visible).join(": ");
  const what = el("span", { class: `what tone ${step.tone}` }, title);
  const how = step.how ? el("span", { class: "knowns" }, known(step.known, visible(step.how))) : "";
  if (!step.sentence) return [what, how];
  const more = el("details", { "data-of": step.id, open: open.has(step.id) },
    el("summary", {}, what), el("p", {}, visible(step.sentence)));
  more.addEventListener("toggle", () => (more.open ? open.add(step.id) : open.delete(step.id)));
  return [more, how];
}

const lines = (picture) => el("div", { class: "step-lines", "aria-hidden": "true" }, picture);

// What no fact carries is not drawn.
function drawing(step) {
  const draw = { arrow, event: dot, wait }[step.kind];
  if (!draw || step.known === "not_visible") return undefined;
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
    svg("text", { x: WIDTH / 2, y: 19, "text-anchor": "middle" }, shortened(visible(caption), 36)),
  ];
}

function dot({ place: at, caption, known: style }) {
  const x = at === "client" ? CLIENT_X : SERVER_X;
  return [svg("circle", { class: `dot ${at} ${style}`, cx: x, cy: 23, r: 5 }), beside(at, x, 13, caption)];
}

function wait({ place: at, caption }) {
  const x = at === "client" ? CLIENT_X : SERVER_X;
  return [svg("rect", { class: "wait", x: x - 7, y: 4, width: 14, height: 38, rx: 4 }), beside(at, x, 15, caption)];
}

function beside(at, x, distance, caption) {
  const where = at === "client" ? { x: x + distance, y: 27 } : { x: x - distance, y: 27, "text-anchor": "end" };
  return svg("text", where, shortened(visible(caption), 36));
}
