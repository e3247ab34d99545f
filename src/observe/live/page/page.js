// page.js: what is shown at the moment, and what a change brings about.

const LIVE_RECORDS = 2000;
const LATEST = 300; // connections that the fitted axis looks at
const TURN = matchMedia("(prefers-reduced-motion: reduce)").matches ? 1000 : 100; // milliseconds
const STILL = 1000; // the same, while nothing happens
const FOLLOWED = 700; // milliseconds that a connection stays before a newer one takes its place
const ANNOUNCED = 10_000;

const live = new Kept(LIVE_RECORDS);
const page = {
  log: undefined, // a saved log that is shown in the place of what is live
  frozen: undefined, // what was there when the user paused: { list, forgotten, waiting, now }
  range: "fit",
  follows: !wanted, // the newest connection is the chosen one
  followedAt: -Infinity, // when the newest was last shown
  chosen: undefined, // its key
  held: undefined, // its entry: what is being read stays, though the list forgets it
  picked: undefined, // the number of a request of it, from the table
  shows: undefined, // the key of the entry whose secrets the user asked for
  waiting: [], // connections that wait for the server to accept them
  leftOut: { ...NOTHING, untold: 0 },
  clock: 0, // the server's clock less ours
  awaited: 0, // records that the server keeps and that have not come yet
  isSettled: false, // what the server keeps has come
  missing: undefined, // a connection that the address names and the server does not keep
  standsStill: false, // nothing moves on the axis
  isChanged: true,
};
let arrived = [];

const kept = () => page.log?.kept ?? live;
const change = () => (page.isChanged = true);
const lanes = new Lanes(chooseByHand, () => byId("chosen-title").focus());
lanes.onScroll = change;
const requests = new Requests((entry, exchange) => {
  choose(entry);
  wanted = { exchange };
  writeLink(linkTo(entry.record, wanted));
  redrawChosen();
});
const stage = new Stage();
const addressBar = new AddressBar(live, (entry) => {
  if (page.log) leaveLog();
  chooseByHand(entry);
  lanes.reveal(entry.key);
});

// What is shown

// The user chooses: nothing else takes its place until `follow`.
function chooseByHand(entry) {
  if (!entry) return follow();
  if (entry.waiting) return;
  choose(entry);
  writeLink(linkTo(entry.record));
}

function choose(entry) {
  page.follows = false;
  wanted = page.missing = page.picked = undefined;
  show(entry);
}

function follow() {
  page.follows = true;
  wanted = page.missing = page.picked = undefined;
  page.followedAt = -Infinity;
  page.shows = undefined;
  writeLink();
  redrawChosen();
  change();
}

// The newest connection with a request: browsers open spare ones, on which nothing may ever happen.
function showNewest(time) {
  const { list } = kept();
  const newest = list.findLast(({ record }) => record.exchanges.length) ?? list.at(-1);
  if (newest?.key === page.chosen || time - page.followedAt < FOLLOWED) return;
  page.followedAt = time;
  show(newest);
}

function show(entry) {
  if (entry?.key !== page.chosen) forgetChosen();
  page.chosen = entry?.key;
  page.held = entry;
  const zoom = document.querySelector("input[value=chosen]");
  zoom.disabled = !entry;
  if (!entry && zoom.checked) setRange("fit");
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

function axisOf(list, waiting, time) {
  const chosen = page.range === "chosen" && chosenEntry();
  if (chosen) {
    const end = chosen.end ?? (chosen.record.exchanges.length ? chosen.last : time);
    const margin = Math.max((end - chosen.begin) * 0.04, 0.001);
    return evenAxis({ from: chosen.begin - margin, to: end + margin, origin: chosen.accepted });
  }
  const isFit = page.range === "fit";
  if (!isFit && page.range !== "all") return evenAxis({ from: time - Number(page.range), to: time, origin: time });
  return foldedAxis([...(isFit ? list.slice(-LATEST) : list), ...waiting], page.log ? undefined : time, isFit);
}

function draw(turn) {
  page.isChanged = false;
  if (page.follows && !page.frozen) showNewest(turn);
  const time = now();
  const list = page.frozen?.list ?? kept().list;
  const waiting = page.frozen?.waiting ?? (page.log ? [] : page.waiting);
  const axis = axisOf(list, waiting, time);
  page.standsStill = Boolean(axis.standsStill);
  const isInView = (entry) => entry.key === page.chosen || (entry.begin <= axis.to && (entry.end ?? time) >= axis.from);
  const entries = [...waiting.toReversed(), ...list.filter(isInView).reverse()];
  byId("lanes").hidden = byId("axis").hidden = entries.length === 0;
  lanes.draw({ entries, axis, chosen: page.chosen, now: time });
  const isEmpty = page.isSettled && list.length + waiting.length === 0;
  byId("empty").hidden = !isEmpty;
  byId("none-in-range").hidden = list.length === 0 || entries.length > 0;
  document.body.classList.toggle("is-empty", isEmpty);
  byId("count").textContent = counted(entries.slice(waiting.length), list);
  byId("follow").setAttribute("aria-pressed", page.follows);
  requests.draw(list, page.chosen, turn);
  drawChosen();
  addressBar.draw();
}

function counted(shown, all) {
  const { connections, untold = 0 } = page.log?.leftOut ?? page.leftOut;
  const [leftOut, listed] = [connections + untold, connectionsIn(all)];
  // Of what was there when the user paused, some may be forgotten since.
  const { connections: known, forgotten } = kept();
  const before = page.frozen?.forgotten ?? forgotten.connections;
  const missing = known + forgotten.connections - listed - before;
  return [
    say("showing", connectionsIn(shown), listed + before + leftOut),
    page.log ? notRecorded(page.log.leftOut) : leftOut && say("left_out", leftOut),
    !page.log && live.forgotten.records && say("keeps", LIVE_RECORDS),
    page.frozen && (missing > 0 ? say("paused_more", missing) : say("paused")),
  ]
    .filter(Boolean)
    .join(" ");
}

// Where it comes from

function showBanner(sentence, label) {
  byId("banner-text").textContent = sentence;
  byId("banner").hidden = false;
  byId("to-live").textContent = label;
}

function leaveLog() {
  page.log = undefined;
  byId("banner").hidden = true;
  setRange("fit");
  show(undefined);
  follow();
}

async function openLog(file) {
  const read = await readLog(file);
  showBanner(read.sentence, read.kept || page.log ? say("back_to_live") : say("all_right"));
  if (!read.kept) return;
  setPaused(false);
  page.log = read;
  show(undefined);
  follow();
  setRange("all");
}

function setPaused(isPaused) {
  const { list, forgotten } = kept();
  const frozen = { list: [...list], forgotten: forgotten.connections, waiting: page.waiting, now: now() };
  page.frozen = isPaused ? frozen : undefined;
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
  hello({ site, kept: awaited }) {
    live.clear();
    page.leftOut = { ...NOTHING, untold: 0 };
    addressBar.site = site;
    nameSite(site[0]);
    // What is kept comes right behind.
    Object.assign(page, { awaited, isSettled: false });
    settle(0);
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
    followLink();
    settle(records.length);
    if (!page.log) change(); // while the user pauses, the count goes on
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

// That number of records has come.
function settle(count) {
  page.awaited -= count;
  if (page.isSettled || page.awaited > 0) return;
  page.isSettled = true;
  missLink();
}

// Where the site is, in what to do first; one on a unix socket alone has no URL.
function nameSite(url) {
  for (const id of ["empty-how", "address"]) byId(id).hidden = !url;
  if (!url) return;
  byId("empty-command").textContent = `curl -i ${url}`;
  byId("empty-open").href = url;
  byId("empty-open").textContent = say("open_site", url);
}

function showView(name) {
  requests.isShown = name === "requests";
  byId("requests").hidden = !requests.isShown;
  byId("connections").hidden = requests.isShown;
  for (const which of ["connections", "requests"]) byId(`tab-${which}`).setAttribute("aria-pressed", which === name);
  document.body.classList.toggle("shows-requests", requests.isShown);
  requests.redraw();
}

// Whether that letter is pressed, small or capital; where a layout or an input method has another script,
// the key on which it stands.
function isLetter({ key, code, ctrlKey, altKey, metaKey }, letter) {
  if (ctrlKey || altKey || metaKey) return false;
  return /^[ -~]$/.test(key) ? key.toLowerCase() === letter : code === `Key${letter.toUpperCase()}`;
}

function enterStage(step = readLink()?.step) {
  const entry = chosenEntry();
  const view = entry && viewOf(entry);
  if (!view) return;
  if (page.follows) choose(entry);
  stage.enter(entry, view, step);
}

for (const input of document.querySelectorAll("input[name=range]")) {
  input.addEventListener("change", () => setRange(input.value));
}
byId("pause").addEventListener("click", () => setPaused(!page.frozen));
byId("to-live").addEventListener("click", () => (page.log ? leaveLog() : (byId("banner").hidden = true)));
byId("save").addEventListener("click", () => saveLog(kept(), page.log?.leftOut ?? page.leftOut));
byId("file").addEventListener("change", ({ target }) => {
  if (target.files[0]) openLog(target.files[0]);
  target.value = "";
});
byId("follow").addEventListener("click", () => (page.follows ? chooseByHand(chosenEntry()) : follow()));
byId("to-fit").addEventListener("click", () => setRange("fit"));
byId("tab-connections").addEventListener("click", () => showView("connections"));
byId("tab-requests").addEventListener("click", () => showView("requests"));
byId("step-mode").addEventListener("click", () => enterStage());
byId("print").addEventListener("click", () => print());
byId("hand-out").addEventListener("click", saveHandOut);
byId("chosen").addEventListener("keydown", (event) => {
  if (event.key === "Escape") lanes.focus();
});
addEventListener("keydown", (event) => {
  const isFree = event.target === document.body || event.target.closest("#lanes, #chosen");
  if (isLetter(event, "s") && isFree && !event.target.closest("input, dialog")) enterStage();
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
for (const link of document.querySelectorAll(".languages a")) {
  link.addEventListener("click", () => (link.hash = location.hash));
}
addEventListener("resize", change);
setInterval(announce, ANNOUNCED);

let drawnAt = 0;
function turn(time) {
  const isMoving = !page.frozen && !page.log && page.range !== "chosen" && live.list.length + page.waiting.length > 0;
  if (page.isChanged || (isMoving && time - drawnAt >= (page.standsStill ? STILL : TURN))) {
    drawnAt = time;
    draw(time);
  }
  requestAnimationFrame(turn);
}
requestAnimationFrame(turn);
