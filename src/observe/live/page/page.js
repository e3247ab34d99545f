// page.js: what is shown at the moment, and what a change brings about.

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
  shows: undefined, // the key of the entry whose secrets the user asked for
  waiting: [], // connections that wait for the server to accept them
  leftOut: { connections: 0, untold: 0 },
  clock: 0, // the server's clock less ours
  isChanged: true,
};
const open = new Set(); // the explanations that the user opened
let drawn;
let arrived = [];

const kept = () => page.log?.kept ?? live;
const change = () => (page.isChanged = true);
const lanes = new Lanes(choose, () => byId("chosen-title").focus());
lanes.onScroll = change;
const addressBar = new AddressBar(live, (entry) => {
  if (page.log) leaveLog();
  choose(entry);
  lanes.reveal(entry.key);
});

// What is shown

function choose(entry) {
  if (entry?.waiting) return;
  if (entry?.key !== page.chosen) {
    open.clear();
    drawn = page.shows = undefined;
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
  if (!page.log) return { from, to, origin: to };
  const margin = (to - from) * 0.01;
  return { from: from - margin, to: to + margin, origin: from };
}

function draw() {
  page.isChanged = false;
  const time = now();
  const list = page.frozen?.list ?? kept().list;
  const waiting = page.frozen?.waiting ?? (page.log ? [] : page.waiting);
  const axis = axisOf(list, time);
  const isInView = (entry) => entry.key === page.chosen || (entry.begin <= axis.to && (entry.end ?? time) >= axis.from);
  const entries = [...waiting.toReversed(), ...list.filter(isInView).reverse()];
  lanes.draw({ entries, ...axis, chosen: page.chosen, now: time });
  const isEmpty = list.length + waiting.length === 0;
  byId("empty").hidden = !isEmpty;
  byId("lanes").hidden = byId("axis").hidden = isEmpty;
  byId("count").textContent = counted(entries.length - waiting.length, list.length);
  drawChosen();
  addressBar.draw();
}

function counted(shown, all) {
  const leftOut = page.log ? 0 : page.leftOut.connections + page.leftOut.untold;
  const missing = page.frozen ? live.list.length - all : 0;
  return [
    say("showing", shown, all + kept().forgotten + leftOut),
    leftOut && say("left_out", leftOut),
    !page.log && live.forgotten && say("keeps", LIVE_RECORDS),
    page.frozen && (missing > 0 ? say("paused_more", missing) : say("paused")),
  ].filter(Boolean).join(" ");
}

// The chosen connection

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
  const request = page.log ? [`/log/view?${query}`, { method: "POST", body: JSON.stringify(entry.record) }]
    : [`/records/${connection}/view?${query}&part=${part}`];
  try {
    const response = await fetch(...request);
    return response.ok ? await response.json() : undefined;
  } catch {
    return undefined; // the server has gone: what is there stays
  }
}

function drawChosen() {
  const entry = chosenEntry();
  byId("chosen").hidden = !entry;
  if (!entry || entry === drawn || (page.frozen && drawn)) return;
  drawn = entry;
  const focused = document.activeElement?.closest("[data-of]")?.dataset.of;
  byId("chosen-title").textContent = say(page.log ? "from_file" : "connection", String(entry.record.connection));
  const body = byId("chosen-body");
  const view = viewOf(entry);
  body.replaceChildren(...(view ? chosenParts(entry.record, view) : [el("p", { class: "small" }, say("asking"))]));
  if (focused) body.querySelector(`[data-of="${CSS.escape(focused)}"] summary`)?.focus();
}

function redrawChosen() {
  drawn = undefined;
  drawChosen();
}

function chosenParts(record, view) {
  const showAll = () => {
    open.add("all");
    redrawChosen();
  };
  const showSecrets = () => {
    page.shows = page.chosen;
    redrawChosen();
  };
  const ends = el("input", { type: "checkbox", checked: open.has("line-ends") });
  ends.addEventListener("change", () => {
    if (ends.checked) open.add("line-ends");
    else open.delete("line-ends");
    redrawChosen();
    byId("chosen-body").querySelector(".check input")?.focus();
  });
  const { exchanges } = view;
  const isCut = exchanges.length > 2 * ENDS && !open.has("all");
  const sheets = isCut ? [...exchanges.slice(0, ENDS), ...exchanges.slice(-ENDS)] : exchanges;
  return [
    facts(view.facts),
    diagram(record, view, open, showAll, redrawChosen),
    sheets.length ? el("label", { class: "small check" }, ends, ` ${say("line_ends")}`) : "",
    ...exchangeParts(sheets, open.has("line-ends"), showSecrets),
  ].filter((part) => part !== "");
}

function facts(list) {
  const fact = ({ place: end, name, text, how }) =>
    el("div", { class: end }, el("dt", {}, name), el("dd", {}, visible(text)), how && el("dd", { class: "note" }, how));
  return el("dl", { class: "facts" }, list.map(fact));
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
  byId("to-live").textContent = read.kept || page.log ? say("back_to_live") : say("all_right");
  if (!read.kept) return;
  setPaused(false);
  page.log = read;
  choose(undefined);
  setRange("all");
}

function setPaused(isPaused) {
  page.frozen = isPaused ? { list: [...kept().list], waiting: page.waiting, now: now() } : undefined;
  byId("pause").setAttribute("aria-pressed", isPaused);
  change();
}

function announce() {
  const fresh = arrived;
  arrived = [];
  if (!fresh.length || !byId("aloud").checked || page.frozen || page.log) return;
  const newest = live.get(fresh.at(-1));
  if (newest) byId("arrivals").textContent = say("arrivals", fresh.length, newest.view.spoken);
}

new LiveSource({
  state(text, isLive) {
    byId("state").textContent = text;
    byId("state").classList.toggle("is-live", isLive);
    if (!isLive) page.waiting = [];
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
    // Of all guesses at the difference the largest is the best: the others were longer on their way.
    page.clock = page.clock ? Math.max(page.clock, theirs - Date.now()) : theirs - Date.now();
    const isFirst = !live.list.length && records.length > 1;
    records.forEach((record, index) => {
      if (live.put(record, views[index]) && !isFirst) arrived.push(entryOf(record, views[index]).key);
    });
    arrived.splice(0, arrived.length - LIVE_RECORDS);
    if (!page.log && !page.frozen) change();
  },
  waiting({ now: theirs, connections, sentence }) {
    page.clock = page.clock ? Math.max(page.clock, theirs - Date.now()) : theirs - Date.now();
    page.waiting = connections.map(waitingEntry);
    byId("queue").textContent = sentence;
    change();
  },
  left_out(leftOut) {
    page.leftOut = leftOut;
    change();
  },
});

for (const input of document.querySelectorAll("input[name=range]")) {
  input.addEventListener("change", () => setRange(input.value));
}
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
const glass = document.querySelector(".glass");
addEventListener("dragover", (event) => {
  event.preventDefault();
  glass.classList.add("is-dropping");
});
for (const name of ["dragleave", "drop"]) addEventListener(name, () => glass.classList.remove("is-dropping"));
addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files[0]) openLog(event.dataTransfer.files[0]);
});
addEventListener("resize", change);
setInterval(announce, ANNOUNCED);

let drawnAt = 0;
function turn(time) {
  const isMoving = !page.frozen && !page.log && page.range !== "chosen" && live.list.length + page.waiting.length > 0;
  if (page.isChanged || (isMoving && time - drawnAt >= TURN)) {
    drawnAt = time;
    draw();
  }
  requestAnimationFrame(turn);
}
requestAnimationFrame(turn);
