// chosen.js: the chosen connection: what the server says of it, and how that is laid out.

const open = new Set(); // what the user opened of it
const REDRAWN = 500; // milliseconds that a drawing stays as it is, though more is known
let drawn;
let drawnWhen = 0;
let asked; // { entry, shows, view }: what was asked of the server

// All that the server says of an entry; nothing until it has.
function viewOf(entry) {
  const shows = page.shows === entry.key;
  if (entry.view.steps && !shows) return entry.view;
  if (asked?.entry === entry && asked.shows === shows) return asked.view;
  const isSame = asked?.entry.key === entry.key && asked.shows === shows;
  const mine = (asked = { entry, shows, view: isSame ? asked.view : undefined });
  wholeView(entry, shows).then((view) => {
    mine.view = view ?? mine.view;
    if (asked === mine) redrawChosen();
  });
  return mine.view;
}

async function wholeView(entry, shows) {
  const query = `lang=${LANGUAGE}${shows ? "&secrets=shown" : ""}`;
  const { connection, part = 1 } = entry.record;
  const request = page.log
    ? [`/log/view?${query}`, { method: "POST", body: JSON.stringify(entry.record) }]
    : [`/records/${connection}/view?${query}&part=${part}`];
  try {
    const response = await fetch(...request);
    return response.ok ? await response.json() : undefined;
  } catch {
    return undefined; // the server has gone: what is there stays
  }
}

function forgetChosen() {
  open.clear();
  drawn = page.shows = undefined;
}

function drawChosen() {
  const entry = chosenEntry();
  byId("chosen").hidden = !entry && !page.missing;
  if (!entry && page.missing && drawn !== page.missing) drawMissing();
  if (!entry || entry === drawn || (page.frozen && drawn?.key === entry.key)) return;
  // Of a busy connection not each change, but its end: the next turn comes soon.
  const isBusy = drawn?.key === entry.key && drawn.end === entry.end;
  if (isBusy && performance.now() - drawnWhen < REDRAWN) return;
  [drawn, drawnWhen] = [entry, performance.now()];
  const focused = document.activeElement?.closest("#chosen-body [data-of]")?.dataset.of;
  byId("chosen-title").textContent = titleOf(entry);
  const body = byId("chosen-body");
  const view = viewOf(entry);
  for (const id of ["step-mode", "print", "hand-out"]) byId(id).disabled = !view;
  body.replaceChildren(...(view ? chosenParts(entry.record, view) : [el("p", { class: "small" }, say("asking"))]));
  if (focused) body.querySelector(`[data-of="${CSS.escape(focused)}"]`)?.focus();
  if (view) showPlace(entry.record, view);
}

// The address names a connection that isn't there.
function drawMissing() {
  const number = String((drawn = page.missing));
  byId("chosen-title").textContent = say("connection", number);
  for (const id of ["step-mode", "print", "hand-out"]) byId(id).disabled = true;
  byId("chosen-body").replaceChildren(el("p", { class: "banner", role: "status" }, say("no_such_link", number)));
}

function redrawChosen() {
  drawn = undefined;
  drawChosen();
}

const titleOf = ({ record }) =>
  [say(page.log ? "from_file" : "connection", String(record.connection)), partOf(record)].filter(Boolean).join(", ");

function chosenParts(record, view) {
  const showAll = () => {
    open.add("all");
    redrawChosen();
  };
  const showSecrets = () => {
    page.shows = page.chosen;
    redrawChosen();
  };
  const ends = el("input", { type: "checkbox", checked: open.has("line-ends"), "data-of": "line-ends" });
  ends.addEventListener("change", () => {
    if (ends.checked) open.add("line-ends");
    else open.delete("line-ends");
    redrawChosen();
  });
  const { exchanges } = view;
  const isCut = exchanges.length > 2 * ENDS && !open.has("all");
  const sheets = isCut ? [...exchanges.slice(0, ENDS), ...exchanges.slice(-ENDS)] : exchanges;
  return [
    diagram(record, view, open, showAll, redrawChosen),
    facts(view.facts),
    sheets.length ? el("label", { class: "small check" }, ends, ` ${say("line_ends")}`) : "",
    ...exchangeParts(sheets, open.has("line-ends"), showSecrets),
  ].filter((part) => part !== "");
}

function facts(list) {
  const fact = ({ place: end, name, text, how }) =>
    el("div", { class: end }, el("dt", {}, name), el("dd", {}, visible(text)), how && el("dd", { class: "note" }, how));
  return el("dl", { class: "facts" }, list.map(fact));
}
