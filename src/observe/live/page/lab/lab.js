// lab.js: which experiment is chosen, what was predicted, what is shown of its run.

const ROWS = 400; // of the table
const NARROW_PAGE = matchMedia("(max-width: 52rem)");
const WIDE = matchMedia("(min-width: 75rem)");

const lab = {
  groups: [],
  byHand: undefined,
  chosen: undefined, // an experiment of the list
  acts: [], // what is drawn: of a run under way, or of the last one
  act: 0,
  said: undefined, // which choice was predicted
  capture: undefined,
  abort: undefined, // of the run under way
  isStale: false, // more has happened than is drawn
};
const replay = new Replay();
const isByHand = () => lab.chosen === lab.byHand;

// The list

async function begin() {
  const response = await fetch(`/lab/experiments?lang=${LANGUAGE}`);
  if (!response.ok) return tellOf(await whyOf(response));
  const { site, list } = await response.json();
  Object.assign(lab, { groups: list.groups, byHand: list.by_hand });
  const [url] = site;
  if (url && /^https?:/.test(url)) {
    byId("site").href = LANGUAGE === "ko" ? new URL("/ko/", url) : url;
    byId("site").hidden = false;
  }
  const link = (one) =>
    el(
      "li",
      {},
      el(
        "a",
        { href: `#${one.name}`, "data-name": one.name },
        one.number ? el("span", { class: "number" }, String(one.number)) : "",
        one.title,
      ),
    );
  const group = ({ title, experiments }) => [el("h2", {}, title), el("ul", {}, experiments.map(link))];
  byId("groups").replaceChildren(
    ...lab.groups.flatMap(group),
    el("h2", {}, say("by_hand")),
    el("ul", {}, link(lab.byHand)),
  );
  choose();
}

const all = () => [...lab.groups.flatMap(({ experiments }) => experiments), lab.byHand];

function choose() {
  const name = location.hash.slice(1);
  const isAsked = all().some((one) => one.name === name);
  lab.chosen = all().find((one) => one.name === name) ?? all().find((one) => one.number === 3) ?? lab.byHand;
  lab.abort?.abort();
  Object.assign(lab, { acts: [], act: 0, said: undefined, capture: undefined });
  byId("menu").open = WIDE.matches || !isAsked;
  for (const link of byId("groups").querySelectorAll("a")) {
    if (link.dataset.name === lab.chosen.name) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  showQuestion();
  clearRun();
  draw();
}

function showQuestion() {
  const { title, question, number, choices = [], acts } = lab.chosen;
  byId("title").replaceChildren(number ? el("span", { class: "number" }, String(number)) : "", title);
  document.title = `${title} – glasshttp`;
  byId("asked").textContent = question;
  byId("choices").hidden = byId("just-show").hidden = byId("change").hidden = isByHand();
  byId("change").open = false;
  byId("changes").reset();
  byId("choice-list").replaceChildren(
    ...choices.map((choice, index) => {
      const input = el("input", { type: "radio", name: "choice", value: String(index), id: `choice-${index}` });
      return el(
        "li",
        {},
        el(
          "label",
          { for: `choice-${index}` },
          input,
          el("span", { class: "letter" }, letter(index)),
          el("span", { class: "choice" }, choice),
        ),
      );
    }),
  );
  byId("run").textContent = say(isByHand() ? "start" : "run");
  byId("run").disabled = !isByHand();
  const own = acts ?? [{ title, setting: { delay_ms: 10, rules: [] } }];
  byId("delay").value = own[0].setting.delay_ms;
  drawSetting(own);
}

const letter = (index) => "abcdefgh"[index];

// A run

function clearRun() {
  byId("verdict").replaceChildren();
  for (const id of ["bar", "after", "as-table", "recorded", "save"]) byId(id).hidden = true;
  byId("drawing").replaceChildren();
  byId("late").textContent = byId("said").textContent = "";
  for (const tag of document.querySelectorAll(".choices .tag")) tag.remove();
  clearFrames();
}

function wish(isChanged) {
  const { name } = lab.chosen;
  if (!isChanged) return { name };
  const own = lab.chosen.acts[0].setting.delay_ms;
  const delay = Number(byId("delay").value);
  const direction = byId("whose").value;
  const packet = direction && {
    direction,
    number: Number(byId("which").value),
    kind: byId("kind").value,
    action: byId("action").value,
  };
  return {
    name,
    textbook: byId("textbook").checked,
    ...(delay && delay !== own && { delay_ms: Math.round(delay) }),
    ...(packet && { packet }),
  };
}

async function run(isChanged) {
  lab.said = document.querySelector("input[name=choice]:checked")?.value;
  lab.abort?.abort();
  const abort = (lab.abort = new AbortController());
  Object.assign(lab, { acts: [], act: 0, capture: undefined });
  clearRun();
  setRunning(true);
  tellOf(say(isByHand() ? "you_are_the_wire" : "running"));
  // The drawing is what is to be looked at.
  if (NARROW_PAGE.matches)
    document.querySelector(".bench").scrollIntoView({ behavior: STILL.matches ? "auto" : "smooth" });
  const growing = () => lab.acts.at(-1);
  let ending;
  const on = {
    act(line) {
      lab.acts.length = line.index;
      lab.acts.push(new Growing(line));
      lab.act = line.index;
    },
    left: (line) => growing().left(line),
    waits({ number }) {
      growing().waits(number);
      const one = growing().of(number);
      if (one) showFrame(one);
    },
    decided(line) {
      hideFrame(line.number);
      growing().decided(line);
    },
    arrived: (line) => growing().arrived(line),
    call: (line) => growing().call(line),
    missed: ({ count: missed }) => tellOf(say("missed", missed)),
    refused: ({ sentence }) => (ending = { sentence, isRefused: true }),
    failed: ({ sentence }) => (ending = { sentence }),
    result: (line) => showResult(line),
    capture: ({ hex }) => (lab.capture = bytesOf(hex)),
  };
  const drawn = { ...on };
  for (const [name, act] of Object.entries(on))
    drawn[name] = (line) => {
      act(line);
      lab.isStale = true;
    };
  try {
    const { why, status } = await perform(wish(isChanged), drawn, abort.signal);
    if (why) ending = { sentence: why, isRefused: status === 503 };
  } catch {
    if (abort.signal.aborted) return;
    ending = { sentence: say("unreachable") };
  }
  if (lab.abort !== abort) return;
  lab.abort = undefined;
  setRunning(false);
  clearFrames();
  tellOf(ending?.sentence ?? "");
  byId("save").hidden = !lab.capture;
  if (ending?.isRefused && !isByHand()) await showRecorded();
}

function setRunning(isRunning) {
  byId("run").disabled = isRunning || (!isByHand() && !document.querySelector("input[name=choice]:checked"));
  byId("just-show").disabled = byId("run-changed").disabled = isRunning;
  byId("stop").hidden = !isRunning;
}

function tellOf(sentence) {
  byId("said").textContent = sentence.slice(0, 1).toUpperCase() + sentence.slice(1);
}

// Where none can be run here: the one that was recorded elsewhere, and says so.
async function showRecorded() {
  const response = await fetch(`/lab/recorded/${lab.chosen.name}?lang=${LANGUAGE}`);
  if (!response.ok) return;
  await eachLine(response.body, (line) => line.event === "result" && showResult(line));
}

function showResult(result) {
  lab.acts = result.acts;
  lab.act = 0;
  lab.isStale = false;
  byId("recorded").hidden = !result.recorded;
  byId("recorded").textContent = result.recorded ?? "";
  showVerdict(result);
  byId("acts").replaceChildren(
    ...(lab.acts.length > 1 ? lab.acts : []).map((act, index) =>
      button(`${index + 1}. ${act.title}`, () => showAct(index)),
    ),
  );
  byId("bar").hidden = byId("after").hidden = byId("as-table").hidden = false;
  showAct(0);
}

function showVerdict({ measured, sentences, disturbed }) {
  const tag = (index, words, kind) => {
    const place = document.querySelector(`#choice-list li:nth-child(${index + 1}) label`);
    place?.append(el("span", { class: `tag ${kind}` }, words));
  };
  const said = lab.said === undefined ? undefined : Number(lab.said);
  const isRight = said === measured;
  if (typeof measured === "number") {
    if (said !== undefined && !isRight) tag(said, `✗ ${say("you_said")}`, "wrong");
    tag(measured, `${isRight ? "✓ " : ""}${say("measured")}`, "measured");
  }
  const choices = lab.chosen.choices ?? [];
  const line = (words, index) =>
    el("p", { class: "verdict-line" }, el("b", {}, `${words} ${letter(index)}`), choices[index]);
  const lines =
    typeof measured === "number"
      ? [said !== undefined && line(say("you_said"), said), line(say("measured"), measured)]
      : [];
  byId("verdict").replaceChildren(
    ...[
      disturbed && el("p", { class: "banner" }, disturbed),
      ...lines,
      ...sentences.map((sentence) => el("p", {}, sentence)),
    ].filter(Boolean),
  );
}

function showAct(index) {
  lab.act = index;
  [...byId("acts").children].forEach((tab, place) => tab.setAttribute("aria-pressed", place === index));
  drawSetting(lab.acts, index);
  byId("late").textContent = lab.acts[index].late;
  fillTable(lab.acts[index]);
  draw();
}

function draw() {
  lab.isStale = false;
  // Before there is anything to be seen: the two ends.
  const act = lab.acts[lab.act] ?? {
    title: lab.chosen.title,
    setting: { delay_ms: 10 },
    segments: [],
    calls: [],
    flights: [],
  };
  const drawing = new Drawing(act, Math.max(300, Math.floor(byId("drawing").clientWidth)), act.title);
  const frame = byId("drawing");
  frame.replaceChildren(drawing.node);
  // While a person is the wire, the newest is in view, below the frames that wait.
  const isLive = Boolean(lab.abort) && isByHand() && byId("bar").hidden;
  frame.classList.toggle("is-live", isLive);
  if (isLive) frame.setAttribute("tabindex", "0");
  else frame.removeAttribute("tabindex");
  if (isLive) frame.scrollTop = frame.scrollHeight;
  if (!byId("bar").hidden) replay.of(drawing, act);
  else if (lab.acts.length) drawSetting(lab.acts, lab.act);
}

function fillTable({ segments, calls }) {
  const ms = (at) => (at === undefined ? "–" : (Math.round(at * 10) / 10 + 0).toFixed(1));
  const rows = [
    ...segments.map((one) => [
      one.left,
      [ms(one.left), ms(one.arrived), say(one.direction), [one.label, one.deed].filter(Boolean).join(": ")],
    ]),
    ...calls.map(({ at, side, text }) => [at, [ms(at), "", say(side), text]]),
  ].sort((a, b) => a[0] - b[0]);
  byId("rows").replaceChildren(
    ...rows.slice(0, ROWS).map(([, cells]) =>
      el(
        "tr",
        {},
        cells.map((cell, place) => el("td", { class: place < 2 && "num" }, cell)),
      ),
    ),
  );
}

// What the learner does

byId("choice-list").addEventListener("change", () => setRunning(Boolean(lab.abort)));
byId("prediction").addEventListener("submit", (event) => {
  event.preventDefault();
  run(false);
});
byId("just-show").addEventListener("click", () => {
  document.querySelector("input[name=choice]:checked")?.click();
  for (const input of document.querySelectorAll("input[name=choice]")) input.checked = false;
  run(false);
});
byId("stop").addEventListener("click", () => {
  lab.abort?.abort();
  lab.abort = undefined;
  setRunning(false);
  clearFrames();
  tellOf(say("stopped"));
});
byId("changes").addEventListener("submit", (event) => {
  event.preventDefault();
  run(true);
});
byId("save").addEventListener("click", () =>
  saveFile(lab.capture, "application/x-pcapng", `glasshttp-lab-${lab.chosen.name}.pcapng`),
);
addEventListener("hashchange", () => {
  choose();
  byId("title").focus();
});
for (const link of document.querySelectorAll(".languages a"))
  link.addEventListener("click", () => (link.hash = location.hash));
WIDE.addEventListener("change", () => (byId("menu").open = WIDE.matches));
addEventListener("resize", () => (lab.isStale = true));

function turn() {
  if (lab.isStale && lab.chosen) draw();
  requestAnimationFrame(turn);
}
requestAnimationFrame(turn);
begin();
