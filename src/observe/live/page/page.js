// page.js: what is shown at the moment, and who is told of a change.

const LIVE_RECORDS = 2000;
const TURN = matchMedia("(prefers-reduced-motion: reduce)").matches ? 1000 : 100; // milliseconds
const ANNOUNCED = 10_000;

const live = new Kept(LIVE_RECORDS);
const page = {
  log: undefined, // a saved log that is shown in the place of what is live
  frozen: undefined, // what was there when the user paused: { list, now }
  range: "10000",
  chosen: undefined, // its key
  held: undefined, // its entry: what is being read stays, though the list forgets it
  leftOut: { connections: 0, untold: 0 },
  clock: 0, // the server's clock less ours
  site: [],
  isChanged: true,
};
const open = new Set(); // the explanations that the user opened
let drawnRecord;
let arrived = [];

const kept = () => page.log?.kept ?? live;
const change = () => (page.isChanged = true);
const lanes = new Lanes(choose, () => byId("chosen-title").focus());
lanes.onScroll = change;
const addressBar = new AddressBar((connection) => live.numbered(connection), (entry) => {
  if (page.log) leaveLog();
  choose(entry);
  lanes.reveal(entry.key);
});

// What is shown

function choose(entry) {
  if (entry?.key !== page.chosen) {
    open.clear();
    drawnRecord = undefined;
  }
  page.chosen = entry?.key;
  page.held = entry;
  const zoom = document.querySelector("input[value=chosen]");
  zoom.disabled = !entry;
  if (!entry && zoom.checked) setRange("10000");
  change();
}

function setRange(range) {
  page.range = range;
  document.querySelector(`input[name=range][value="${range}"]`).checked = true;
  change();
}

function chosenEntry() {
  return (page.held = kept().get(page.chosen) ?? page.held);
}

function now() {
  if (page.frozen) return page.frozen.now;
  if (page.log) return Math.max(...page.log.kept.list.map((entry) => entry.end ?? entry.last));
  return Date.now() + page.clock;
}

// The axis: { from, to, origin }.
function axisOf(list, time) {
  const chosen = page.range === "chosen" && chosenEntry();
  if (chosen) {
    const end = chosen.end ?? (chosen.record.exchanges.length ? chosen.last : time);
    const margin = Math.max((end - chosen.begin) * 0.04, 0.001);
    return { from: chosen.begin - margin, to: end + margin, origin: chosen.accepted };
  }
  if (page.range !== "all") return { from: time - Number(page.range), to: time, origin: time };
  const from = list.length ? Math.min(...list.map((entry) => entry.begin)) : time - 10_000;
  const to = Math.max(time, from + 0.01);
  return page.log ? { from: from - (to - from) * 0.01, to: to + (to - from) * 0.01, origin: from } : { from, to, origin: to };
}

function draw() {
  page.isChanged = false;
  const time = now();
  const list = page.frozen?.list ?? kept().list;
  const axis = axisOf(list, time);
  const isInView = (entry) => (entry.begin <= axis.to && (entry.end ?? time) >= axis.from) || entry.key === page.chosen;
  const entries = list.filter(isInView).reverse();
  lanes.draw({ entries, ...axis, chosen: page.chosen, now: time });
  byId("empty").hidden = list.length > 0;
  byId("lanes").hidden = byId("axis").hidden = list.length === 0;
  byId("count").textContent = counted(entries.length, list.length);
  drawChosen();
  addressBar.draw();
}

function counted(shown, all) {
  const leftOut = page.log ? 0 : page.leftOut.connections + page.leftOut.untold;
  const total = all + (page.log ? page.log.kept : live).forgotten + leftOut;
  const missing = page.frozen ? live.list.length - all : 0;
  return [
    `Showing ${count(shown)} of ${plural(total, "connection")}.`,
    leftOut ? `${count(leftOut)} came too fast to be told; a sample is shown.` : "",
    !page.log && live.forgotten ? `The page keeps the latest ${count(LIVE_RECORDS)}.` : "",
    page.frozen ? `Paused${missing > 0 ? `; ${count(missing)} more since` : ""}.` : "",
  ].filter(Boolean).join(" ");
}

// The chosen connection

let asked; // { record, steps }: of a record with many exchanges the server is asked

function stepsOf(record) {
  if (record.view?.steps) return record.view.steps;
  if (asked?.record === record) return asked.steps;
  if (page.log) return undefined;
  asked = { record, steps: asked?.record.connection === record.connection ? asked.steps : undefined };
  const mine = asked;
  fetch(`/records/${record.connection}/steps?lang=${LANGUAGE}`)
    .then((answer) => (answer.ok ? answer.json() : undefined))
    .then((steps) => {
      mine.steps = steps;
      if (asked === mine) redrawChosen();
    })
    .catch(() => undefined);
  return mine.steps;
}

function drawChosen() {
  const entry = chosenEntry();
  byId("chosen").hidden = !entry;
  if (!entry || entry.record === drawnRecord || (page.frozen && drawnRecord)) return;
  drawnRecord = entry.record;
  const focused = document.activeElement?.closest("[data-of]")?.dataset.of;
  byId("chosen-title").textContent = `Connection ${entry.record.connection}`;
  const body = byId("chosen-body");
  try {
    body.replaceChildren(...chosenParts(entry.record, stepsOf(entry.record)));
  } catch (error) {
    body.replaceChildren(el("p", {}, `This record cannot be drawn: ${error.message}`));
  }
  if (focused) body.querySelector(`[data-of="${CSS.escape(focused)}"] summary`)?.focus();
}

function redrawChosen() {
  drawnRecord = undefined;
  drawChosen();
}

function chosenParts(record, steps) {
  const showAll = () => {
    open.add("all");
    redrawChosen();
  };
  const ends = el("input", { type: "checkbox", checked: open.has("line-ends") });
  ends.addEventListener("change", () => {
    if (ends.checked) open.add("line-ends");
    else open.delete("line-ends");
    redrawChosen();
    byId("chosen-body").querySelector(".check input")?.focus();
  });
  const many = record.exchanges.length > 2 * ENDS && !open.has("all");
  const exchanges = exchangeParts(many ? { ...record, exchanges: [...record.exchanges.slice(0, ENDS), ...record.exchanges.slice(-ENDS)] } : record, open.has("line-ends"));
  return [
    facts(record),
    steps ? diagram(record, steps, open, showAll) : page.log ? el("p", { class: "small hint" }, "Step by step in a terminal: glasshttp show FILE") : "",
    record.exchanges.length ? el("label", { class: "small check" }, ends, " Mark line ends and other controls in the heads") : "",
    ...exchanges,
  ].filter((part) => part !== "");
}

function facts(record) {
  const { handshake, close } = record;
  const fact = (name, text, note, kind = "") => el("div", { class: kind }, el("dt", {}, name), el("dd", {}, text), note ? el("dd", { class: "note" }, note) : "");
  const figure = (name, it, write, kind) => fact(name, value(it) === undefined ? "not visible" : write(value(it)), value(it) === undefined ? reason(it) : `${WORDS[it.is]}: ${reason(it)}`, kind);
  return el("dl", { class: "facts" },
    fact("Client", record.client, "", "client"), fact("Server", record.server, `model: ${record.model}`, "server"),
    fact("Accepted", record.accepted.replace("T", " ").replace(/(\.\d{6})\d*Z$/, "$1 UTC"), "measured: accept(2) returned"),
    figure("In the accept queue", handshake.queued, duration), figure("Round trip of the handshake", handshake.rtt, duration),
    fact("State", ended(record), close ? close.reason : ""));
}

// Where it comes from

function leaveLog() {
  page.log = undefined;
  byId("banner").hidden = true;
  setRange("10000");
  choose(undefined);
}

async function openLog(file) {
  const read = await readLog(file);
  byId("banner-text").textContent = read.sentence;
  byId("banner").hidden = false;
  byId("to-live").textContent = read.kept || page.log ? "Back to live" : "All right";
  if (!read.kept) return;
  setPaused(false);
  page.log = read;
  choose(undefined);
  setRange("all");
}

function setPaused(isPaused) {
  page.frozen = isPaused ? { list: [...kept().list], now: now() } : undefined;
  byId("pause").setAttribute("aria-pressed", isPaused);
  change();
}

function announce() {
  const fresh = arrived;
  arrived = [];
  if (!fresh.length || !byId("aloud").checked || page.frozen || page.log) return;
  const newest = live.get(fresh.at(-1));
  if (newest) byId("arrivals").textContent = `${plural(fresh.length, "new connection")}. ${fresh.length > 1 ? "The newest: " : ""}${aboutAloud(newest)}.`;
}

new LiveSource({
  state(text, isLive) {
    byId("state").textContent = text;
    byId("state").classList.toggle("is-live", isLive);
  },
  hello({ site }) {
    live.clear();
    page.leftOut = { connections: 0, untold: 0 };
    addressBar.site = site;
    const [url] = site;
    if (url) byId("empty-command").textContent = `curl -i ${url}`;
    change();
  },
  records({ now: theirs, records, views }) {
    records.forEach((record, index) => (record.view = views?.[index]));
    // Of all guesses at the difference the largest is the best: the others were longer on their way.
    page.clock = page.clock ? Math.max(page.clock, theirs - Date.now()) : theirs - Date.now();
    const isFirst = !live.list.length && records.length > 1;
    for (const record of records) {
      if (live.put(record) && !isFirst) arrived.push(`${record.connection} ${record.accepted}`);
    }
    arrived.splice(0, arrived.length - LIVE_RECORDS);
    if (!page.log && !page.frozen) change();
  },
  left_out(leftOut) {
    page.leftOut = leftOut;
    change();
  },
});

document.querySelectorAll("input[name=range]").forEach((input) => input.addEventListener("change", () => setRange(input.value)));
byId("pause").addEventListener("click", () => setPaused(!page.frozen));
byId("to-live").addEventListener("click", () => (page.log ? leaveLog() : (byId("banner").hidden = true)));
byId("save").addEventListener("click", () => saveLog(kept().list));
byId("file").addEventListener("change", ({ target }) => {
  if (target.files[0]) openLog(target.files[0]);
  target.value = "";
});
byId("chosen").addEventListener("keydown", (event) => {
  if (event.key === "Escape") lanes.focus();
});
addEventListener("dragover", (event) => {
  event.preventDefault();
  document.querySelector(".glass").classList.add("is-dropping");
});
for (const name of ["dragleave", "drop"]) addEventListener(name, () => document.querySelector(".glass").classList.remove("is-dropping"));
addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files[0]) openLog(event.dataTransfer.files[0]);
});
addEventListener("resize", change);
setInterval(announce, ANNOUNCED);

let drawnAt = 0;
function turn(time) {
  const isMoving = !page.frozen && !page.log && page.range !== "chosen" && live.list.length > 0;
  if (page.isChanged || (isMoving && time - drawnAt >= TURN)) {
    drawnAt = time;
    draw();
  }
  requestAnimationFrame(turn);
}
requestAnimationFrame(turn);
