// diagram.js: the sequence diagram: a row for each step, drawn over two life
// lines. The drawing is for the eyes; the text beside it says the same.

const WIDTH = 320;
const CLIENT_X = 21;
const SERVER_X = WIDTH - 21;
// Exchanges at either end that are drawn at once; those between them on demand.
const ENDS = 3;

// The steps come from the server; this lays them out.
function diagram(record, steps, open, showAll) {
  const heads = el("div", { class: "columns", "aria-hidden": "true" }, el("span"),
    el("span", { class: "ends" }, el("span", { class: "client-ink" }, `client :${portOf(record.client)}`), el("span", { class: "server-ink" }, `server :${portOf(record.server)}`)),
    el("span"));
  const list = el("ol", { class: "steps" }, withGap(steps, record, open, showAll));
  return el("div", { class: "diagram" },
    el("h3", {}, "What went to and fro"),
    el("p", { class: "small" }, "In order of time, not to scale; times count from the accept. Open a step to read why it is as it is. Lines say how we know: ",
      el("span", { class: "known measured" }, "measured"), ", ", el("span", { class: "known derived" }, "derived"), ", ", el("span", { class: "known not_visible" }, "not visible"), "."),
    heads, list);
}

const portOf = (address) => address.slice(address.lastIndexOf(":") + 1);

// Many exchanges: the first and the last of them, and a way to see all.
function withGap(steps, record, open, showAll) {
  const numbers = record.exchanges.map((exchange) => exchange.number);
  const hidden = new Set(open.has("all") ? [] : numbers.slice(ENDS, -ENDS));
  const rows = [];
  let isTold = false;
  for (const step of steps) {
    if (step.exchange === null || !hidden.has(step.exchange)) {
      rows.push(row(step, open));
    } else if (!isTold) {
      isTold = true;
      const button = el("button", { type: "button" }, `Show ${plural(hidden.size, "more exchange")}`);
      button.addEventListener("click", showAll);
      rows.push(el("li", { class: "step" }, el("span"), lines(), el("div", { class: "step-text" }, button)));
    }
  }
  return rows;
}

function row(step, open) {
  const at = value(step.at);
  const bound = { at_most: "≤ ", about: "~ " }[step.bound] ?? "";
  const time = at === undefined ? el("span", { class: "step-time absent" }, "")
    : el("span", { class: "step-time" }, `${bound}${exactly(at)}`);
  const begins = step.id.endsWith("-request");
  return el("li", { class: `step${begins ? " begins-exchange" : ""}`, "data-step": step.id }, time, lines(drawing(step)), el("div", { class: "step-text" }, words(step, open)));
}

function words(step, open) {
  const title = [step.label, step.title].filter(Boolean).map(visible).join(": ");
  const what = el("span", { class: `what ${step.tone}` }, title);
  const how = step.how ? el("span", { class: "knowns" }, el("span", { class: `known ${step.known}` }, step.how)) : "";
  if (!step.sentence) return [what, how];
  const more = el("details", { "data-of": step.id, open: open.has(step.id) }, el("summary", {}, what), el("p", {}, visible(step.sentence)));
  more.addEventListener("toggle", () => (more.open ? open.add(step.id) : open.delete(step.id)));
  return [more, how];
}

const lines = (picture) => el("div", { class: "step-lines", "aria-hidden": "true" }, picture);

function drawing(step) {
  if (step.kind === "note" || step.known === "not_visible") return undefined;
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} 46`, width: WIDTH, height: 46 });
  if (step.kind === "arrow") picture.append(...arrow(step));
  if (step.kind === "event") picture.append(...event(step));
  if (step.kind === "wait") picture.append(...wait(step));
  return picture;
}

function arrow({ direction, caption, known: style }) {
  const toServer = direction === "to_server";
  const from = toServer ? "client" : "server";
  const [start, end] = toServer ? [CLIENT_X, SERVER_X] : [SERVER_X, CLIENT_X];
  const back = toServer ? -10 : 10;
  const text = svg("text", { x: WIDTH / 2, y: 19, "text-anchor": "middle" });
  text.textContent = shortened(visible(caption), 36);
  return [
    svg("line", { class: `arrow from-${from} ${style}`, x1: start, y1: 29, x2: end + back / 2, y2: 29 }),
    svg("path", { class: `head from-${from} ${style}`, d: `M${end} 29l${back} -5.5v11z` }),
    text,
  ];
}

function event({ place: at, caption, known: style }) {
  const x = at === "client" ? CLIENT_X : SERVER_X;
  const text = svg("text", at === "client" ? { x: x + 13, y: 27 } : { x: x - 13, y: 27, "text-anchor": "end" });
  text.textContent = shortened(visible(caption), 36);
  return [svg("circle", { class: `dot ${at} ${style}`, cx: x, cy: 23, r: 5 }), text];
}

function wait({ place: at, caption }) {
  const x = at === "client" ? CLIENT_X : SERVER_X;
  const text = svg("text", at === "client" ? { x: x + 15, y: 27 } : { x: x - 15, y: 27, "text-anchor": "end" });
  text.textContent = shortened(caption, 36);
  return [svg("rect", { class: "wait", x: x - 7, y: 4, width: 14, height: 38, rx: 4 }), text];
}
