// diagram.js: the sequence diagram: a row for each step, drawn over two life
// lines. The drawing is for the eyes; the text beside it says the same.

const WIDTH = 320;
const CLIENT_X = 21;
const SERVER_X = WIDTH - 21;
// Exchanges at either end that are drawn at once; those between them on demand.
const ENDS = 3;

function diagram(record, open, showAll) {
  const steps = stepsOf(record);
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
    const [, number] = /^(\d+)-/.exec(step.id) ?? [];
    if (!hidden.has(Number(number))) {
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
  const at = step.time && value(step.time);
  const time = !step.time ? el("span", { class: "step-time" })
    : at === undefined ? el("span", { class: "step-time absent" }, "no time")
    : el("span", { class: "step-time" }, exactly(at));
  return el("li", { class: `step${step.begins ? " begins-exchange" : ""}`, "data-step": step.id }, time, lines(drawing(step)), el("div", { class: "step-text" }, words(step, open)));
}

function words(step, open) {
  const direction = step.kind === "arrow" ? (step.from === "client" ? "Client to server. " : "Server to client. ") : "";
  const isSame = step.segment && step.time && step.segment.is === step.time.is && reason(step.segment) === reason(step.time);
  const knowns = [
    step.segment && !isSame ? known(step.segment, step.kind === "arrow" ? "segment" : "") : undefined,
    step.time ? known(step.time, step.kind === "arrow" && !isSame ? "time" : "") : undefined,
  ];
  const label = step.label && !step.what.includes(step.label) ? ` (${step.label})` : "";
  const what = el("span", { class: "what" }, el("span", { class: "visually-hidden" }, direction), step.what, label);
  const how = el("span", { class: "knowns" }, knowns);
  if (!step.why) return [what, how];
  const more = el("details", { "data-of": step.id, open: open.has(step.id) }, el("summary", {}, what), el("p", {}, step.why));
  more.addEventListener("toggle", () => (more.open ? open.add(step.id) : open.delete(step.id)));
  return [more, how];
}

const lines = (picture) => el("div", { class: "step-lines", "aria-hidden": "true" }, picture);

function drawing(step) {
  if (step.kind === "note") return undefined;
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} 46`, width: WIDTH, height: 46 });
  const style = (step.segment ?? step.time).is;
  if (step.kind === "arrow") picture.append(...arrow(step, style));
  if (step.kind === "event") picture.append(...event(step, style));
  if (step.kind === "wait") picture.append(...wait(step));
  return picture;
}

function arrow({ from, label }, style) {
  const toServer = from === "client";
  const [start, end] = toServer ? [CLIENT_X, SERVER_X] : [SERVER_X, CLIENT_X];
  const back = toServer ? -10 : 10;
  const text = svg("text", { x: WIDTH / 2, y: 19, "text-anchor": "middle" });
  text.textContent = shortened(label, 36);
  return [
    svg("line", { class: `arrow from-${from} ${style}`, x1: start, y1: 29, x2: end + back / 2, y2: 29 }),
    svg("path", { class: `head from-${from} ${style}`, d: `M${end} 29l${back} -5.5v11z` }),
    text,
  ];
}

function event({ at, label }, style) {
  const x = at === "client" ? CLIENT_X : SERVER_X;
  const text = svg("text", at === "client" ? { x: x + 13, y: 27 } : { x: x - 13, y: 27, "text-anchor": "end" });
  text.textContent = shortened(label, 36);
  return [svg("circle", { class: `dot ${at} ${style}`, cx: x, cy: 23, r: 5 }), text];
}

function wait({ at, label }) {
  const x = at === "client" ? CLIENT_X : SERVER_X;
  const text = svg("text", at === "client" ? { x: x + 15, y: 27 } : { x: x - 15, y: 27, "text-anchor": "end" });
  text.textContent = label;
  return [svg("rect", { class: "wait", x: x - 7, y: 4, width: 14, height: 38, rx: 4 }), text];
}
