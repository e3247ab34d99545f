// address.js: fetches a path of the site, and puts the browser's half of that
// request (PerformanceResourceTiming) beside the server's half (its record).

const RECORD_WITHIN = 4000; // milliseconds until a record is given up
const MOST_REDIRECTS = 10;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

class AddressBar {
  #site = [];
  #said = byId("address-said");
  #place = byId("joined");
  #hops = []; // what was fetched: a redirect, and what it led to
  #records;
  #choose;

  // `records` are those of the connections that are live, `choose(entry)` shows one.
  constructor(records, choose) {
    this.#records = records;
    this.#choose = choose;
    byId("address").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#go(byId("path").value.trim());
    });
  }

  set site(urls) {
    this.#site = urls.filter((url) => /^https?:/.test(url));
    if (!this.#site[0]) return;
    byId("origin").textContent = this.#site[0];
    byId("origin").href = this.#site[0];
  }

  async #go(path) {
    const [base] = this.#site;
    if (!base) return this.#say("no_site");
    let url;
    try {
      url = new URL(path || "/", base);
    } catch {
      return this.#say("no_path");
    }
    if (!this.#isOfSite(url)) return this.#say("other_site");
    const hops = [];
    while (url && hops.length <= MOST_REDIRECTS) {
      url.hash = "";
      this.#say("fetching", url.href);
      const hop = await this.#fetch(url);
      if (!hop) return this.#say("unreadable");
      hops.push(hop);
      this.#hops = hops;
      url = hop.next && this.#isOfSite(hop.next) ? hop.next : undefined;
    }
    this.draw();
    const { status, entry, connection, exchange, next } = hops.at(-1);
    if (next) this.#say("redirect_elsewhere", status, next.href);
    else if (entry) this.#say("was_exchange", status, String(exchange), String(connection));
    else this.#say(connection ? "no_record" : "no_number", status, String(connection));
    if (entry) this.#choose(entry);
  }

  #isOfSite(url) {
    return this.#site.some((site) => new URL(site).origin === url.origin);
  }

  #say(...said) {
    this.#said.textContent = say(...said);
  }

  // One request: what became of it. A redirect is not followed here: the browser would tell of its end alone.
  async #fetch(url) {
    performance.clearResourceTimings();
    const began = Date.now();
    let response;
    try {
      response = await fetch(url, { mode: "cors", cache: "no-store", credentials: "omit", redirect: "manual" });
      await drain(response);
    } catch {
      return undefined;
    }
    const timing = await timingOf(url.href);
    if (!timing) return undefined;
    if (response.type === "opaqueredirect") return this.#redirected(url, timing, began);
    const numbers = timing.serverTiming?.find((item) => item.name === "connection")?.description ?? "";
    const [, connection, exchange] = /^(\d+)\.(\d+)$/.exec(numbers)?.map(Number) ?? [];
    const hop = { url, status: response.status, timing, connection, exchange };
    return connection ? { ...hop, entry: await this.#wait(() => this.#numbered(hop)) } : hop;
  }

  // Of a redirect the browser tells no status and no numbers: the server's record of it has them.
  async #redirected(url, timing, began) {
    const find = () => this.#requested(url, began);
    const entry = await this.#wait(find);
    const found = entry && find().exchange;
    const location = /^location:\s*(\S+)/im.exec(found?.response.head ?? "")?.[1];
    const next = location && URL.canParse(location, url) ? new URL(location, url) : undefined;
    const { connection } = entry?.record ?? {};
    return { url, status: found?.status ?? "3xx", timing, connection, exchange: found?.number, entry, next };
  }

  // Waits for what `find` gives to be over: its entry.
  async #wait(find) {
    const until = performance.now() + RECORD_WITHIN;
    for (;;) {
      const found = find();
      const isLate = performance.now() > until;
      if (found && (value(found.exchange.stages.last_write) !== undefined || isLate)) return found.entry;
      if (isLate) return undefined;
      await pause(50);
    }
  }

  #numbered({ connection, exchange: number }) {
    const entry = this.#records.numbered(connection);
    const exchange = entry?.record.exchanges.find((exchange) => exchange.number === number);
    return exchange && { entry, exchange };
  }

  // The one exchange that this page began at `began` and that got a redirect; nothing if there are several.
  #requested(url, began) {
    const target = ` ${url.pathname}${url.search} `;
    const isOurs = ({ request, status }) =>
      status >= 300 &&
      status < 400 &&
      request.head.split("\n", 1)[0].includes(target) &&
      request.head.includes(location.origin);
    const found = this.#records.list.flatMap((entry) =>
      entry.record.exchanges.filter(isOurs).map((exchange) => ({ entry, exchange })),
    );
    const at = ({ entry, exchange }) => entry.accepted + (value(exchange.stages.first_read) ?? 0) / MS;
    const late = found.filter((one) => at(one) >= began - 20);
    return late.length === 1 ? late[0] : undefined;
  }

  // Draws both halves of each, again when more is known of the server's.
  draw() {
    const entries = this.#hops.map((hop) => hop.entry && this.#records.get(hop.entry.key));
    const isNews = this.#hops.some((hop, index) => hop.drawn !== (entries[index] ?? hop.url));
    if (!this.#hops.length || !isNews) return;
    const close = button(
      say("put_away"),
      () => {
        this.#hops = [];
        this.#place.hidden = true;
        this.#place.replaceChildren();
      },
      { class: "close-joined" },
    );
    const parts = this.#hops.flatMap((hop, index) => {
      hop.drawn = entries[index] ?? hop.url;
      const title = say("both_halves", visible(`${hop.url.pathname}${hop.url.search}`), String(hop.status));
      return [el("h2", {}, title), ...join(hop, entries[index])];
    });
    this.#place.replaceChildren(close, ...parts);
    this.#place.hidden = false;
  }
}

// Reads the body to its end: the browser's last time is that of the last byte.
async function drain(response) {
  for (const reader = response.body?.getReader(); reader;) {
    if ((await reader.read()).done) return;
  }
}

// The browser's times of the latest request for this address.
async function timingOf(url) {
  for (let attempt = 0; attempt < 40; attempt += 1) {
    const timing = performance.getEntriesByName(url, "resource").at(-1);
    if (timing?.responseEnd) return timing;
    await pause(25);
  }
  return undefined;
}

// What the browser reported, as milliseconds since 1970.
function browserHalf(timing) {
  const at = (by) => performance.timeOrigin + timing[by];
  const event = (by, name, note = "") => ({ at: at(by), what: say(name), by: `${by}${note}` });
  const began = event("fetchStart", "begins_to_fetch");
  if (!timing.requestStart) return [began, event("responseEnd", "has_the_whole", `; ${say("times_withheld")}`)];
  const isOpen = timing.connectStart === timing.fetchStart;
  const connect = isOpen
    ? [event("connectStart", "is_open_already", " = fetchStart")]
    : [event("connectStart", "begins_to_connect"), event("connectEnd", "is_connected")];
  return [
    began,
    ...connect,
    event("requestStart", "begins_to_send"),
    event("responseStart", "has_the_first"),
    event("responseEnd", "has_the_last"),
  ];
}

// What the server says of the same exchange: its steps that have a time.
function serverHalf({ view, accepted }, number) {
  const steps = (view.steps ?? []).filter((step) => step.exchange === number || (number === 1 && step.id === "accept"));
  return steps
    .filter((step) => value(step.at) !== undefined)
    .map((step) => ({
      at: accepted + value(step.at) / MS,
      what: [step.label, step.title].filter(Boolean).join(": "),
      by: step.how,
      is: step.known,
    }));
}

function join({ timing, exchange: number }, entry) {
  const exchange = entry?.record.exchanges.find((exchange) => exchange.number === number);
  const browser = browserHalf(timing).map((event) => ({ ...event, who: "client", is: "measured" }));
  const shift = exchange ? shiftOf(timing, exchange.stages, entry.accepted) : 0;
  const moved = (event) => ({ ...event, who: "server", at: event.at + shift });
  const server = entry ? serverHalf(entry, number).map(moved) : [];
  const rows = [...browser, ...server].sort((a, b) => a.at - b.at);
  const [begin, end] = [rows[0].at, rows.at(-1).at];
  const cell = (event, who) =>
    el("td", { class: "wide" }, event.who === who ? el("span", { class: `${who}-ink` }, visible(event.what)) : "");
  const row = (event) =>
    el(
      "tr",
      {},
      el("th", { scope: "row", class: "num" }, exactly((event.at - browser[0].at) * MS)),
      cell(event, "client"),
      cell(event, "server"),
      el("td", { class: "wide" }, known(event.is, event.by)),
    );
  const names = ["since_the_fetch", "browser", "the_server", "how"];
  const columns = names.map((name) => el("th", { scope: "col" }, say(name)));
  const table = el(
    "table",
    { class: "stack" },
    el("caption", { class: "visually-hidden" }, say("in_order")),
    el("thead", {}, el("tr", {}, columns)),
    el("tbody", {}, rows.map(row)),
  );
  return [tracks(browser, server, begin, end), el("p", { class: "small" }, aboutClocks(server, shift)), table];
}

function tracks(browser, server, begin, end) {
  const line = (name, events, kind) => {
    const bars = events.slice(1).map((event, index) => {
      const bar = el("span", { class: `span ${kind}` });
      place(bar, events[index].at, event.at, begin, end);
      bar.style.opacity = index % 2 ? 0.55 : 1;
      return bar;
    });
    return [el("span", {}, name), el("span", { class: "track" }, bars)];
  };
  const halves = [line(say("browser"), browser, "client"), line(say("the_server"), server, "server")];
  return el("div", { class: "halves", "aria-hidden": "true" }, halves);
}

// By how much the server's clock must be moved so that it responds between the
// browser's request and the browser's response; nothing, if it does already.
function shiftOf(timing, stages, accepted) {
  const [asked, had] = [timing.requestStart, timing.responseStart].map((time) => time && performance.timeOrigin + time);
  const [read, wrote] = [value(stages.arrived) ?? value(stages.first_read), value(stages.first_write)].map(
    (time) => time && accepted + time / MS,
  );
  if (!asked || !had || !read || !wrote) return 0;
  const isPossible = read >= asked - tick() && wrote <= had + tick();
  return isPossible ? 0 : (asked + had) / 2 - (read + wrote) / 2;
}

// The grain of the browser's clock in milliseconds (W3C High Resolution Time).
const tick = () => (globalThis.crossOriginIsolated ? 0.005 : 0.1);

function aboutClocks(server, shift) {
  const grain = say("grain", duration(tick() * MS));
  if (!server.length) return grain;
  return `${grain} ${shift ? say("clocks_moved", duration(shift * MS)) : say("clocks_fit")}`;
}
