// address.js: fetches a path of the site, and puts the browser's half of that
// request (PerformanceResourceTiming) beside the server's half (its record).

const RECORD_WITHIN = 4000; // milliseconds until a record is given up
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

class AddressBar {
  #site = [];
  #said = byId("address-said");
  #place = byId("joined");
  #joined;
  #find;
  #choose;

  // `find(connection)` gives the entry of a connection, `choose(entry)` shows it.
  constructor(find, choose) {
    this.#find = find;
    this.#choose = choose;
    byId("address").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#fetch(byId("path").value.trim());
    });
  }

  set site(urls) {
    this.#site = urls.filter((url) => /^https?:/.test(url));
    byId("origin").textContent = this.#site[0] ?? "the site";
  }

  async #fetch(path) {
    const [base] = this.#site;
    if (!base) return this.#say("The server has not said yet where its site is.");
    let url;
    try {
      url = new URL(path || "/", base);
    } catch {
      return this.#say("That is no path. Try one like /hello.txt.");
    }
    if (!this.#site.some((site) => new URL(site).origin === url.origin)) return this.#say("Only the site that is watched can be fetched from here. Type a path, like /hello.txt.");
    url.hash = "";
    this.#say(`Fetching ${url.href}`);
    performance.clearResourceTimings();
    let answer;
    try {
      answer = await fetch(url, { mode: "cors", cache: "no-store", credentials: "omit" });
      const bytes = await drain(answer);
      this.#say(`Status ${answer.status}, ${plural(bytes, "byte")} of body. Looking for the server's half.`);
    } catch {
      return this.#say("No answer could be read. Either the site is not there, or it did not allow this page to read (Access-Control-Allow-Origin).");
    }
    const timing = await timingOf(url.href);
    if (!timing) return this.#say(`Status ${answer.status}. The browser reported no times for it.`);
    const [, connection, exchange] = /^(\d+)\.(\d+)$/.exec(timing.serverTiming?.find((item) => item.name === "connection")?.description ?? "") ?? [];
    const joined = { url, status: answer.status, timing, connection: Number(connection), exchange: Number(exchange) };
    if (!connection) {
      this.#say(`Status ${answer.status}. The answer bore no connection number (Server-Timing), so the server's half is not visible here.`);
    } else {
      const entry = await this.#wait(joined);
      this.#say(entry ? `Status ${answer.status}. It was exchange ${exchange} on connection ${connection}.` : `Status ${answer.status}. It was connection ${connection}, of which no record came: under load, some are left out.`);
      if (entry) this.#choose(entry);
    }
    this.#joined = joined;
    this.draw();
  }

  #say(text) {
    this.#said.textContent = text;
  }

  // The entry, once it holds the exchange to its end.
  async #wait({ connection, exchange }) {
    const until = performance.now() + RECORD_WITHIN;
    for (;;) {
      const entry = this.#find(connection);
      const found = entry?.record.exchanges.find(({ number }) => number === exchange);
      const isLate = performance.now() > until;
      if (found && (value(found.stages.last_write) !== undefined || isLate)) return entry;
      if (isLate) return undefined;
      await pause(50);
    }
  }

  // Draws both halves, again when more is known of the server's.
  draw() {
    if (!this.#joined) return;
    const { url, status, timing, connection, exchange } = this.#joined;
    const entry = this.#find(connection);
    if (this.#place.childElementCount && entry?.record === this.#joined.drawn) return;
    this.#joined.drawn = entry?.record;
    const close = el("button", { type: "button", class: "close-joined" }, "Put away");
    close.addEventListener("click", () => {
      this.#joined = undefined;
      this.#place.hidden = true;
      this.#place.replaceChildren();
    });
    const halves = join(timing, entry, exchange);
    this.#place.replaceChildren(close, el("h2", {}, `Both halves of GET ${url.pathname}${url.search} → ${status}`), ...halves);
    this.#place.hidden = false;
  }
}

// Reads the body to its end: the browser's last time is that of the last byte.
async function drain(answer) {
  let bytes = 0;
  for (const reader = answer.body?.getReader(); reader;) {
    const { done, value: chunk } = await reader.read();
    if (done) break;
    bytes += chunk.length;
  }
  return bytes;
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
  const at = (time) => performance.timeOrigin + time;
  const events = [{ at: at(timing.fetchStart), what: "begins to fetch", by: "fetchStart" }];
  if (!timing.requestStart) return events.concat({ at: at(timing.responseEnd), what: "has the whole answer", by: "responseEnd; the other times need Timing-Allow-Origin" });
  if (timing.connectStart === timing.fetchStart) events.push({ at: at(timing.connectStart), what: "uses a connection that is open already", by: "connectStart equals fetchStart" });
  else events.push({ at: at(timing.connectStart), what: "begins to connect", by: "connectStart" }, { at: at(timing.connectEnd), what: "is connected", by: "connectEnd" });
  return events.concat(
    { at: at(timing.requestStart), what: "begins to send the request", by: "requestStart" },
    { at: at(timing.responseStart), what: "has the first byte", by: "responseStart" },
    { at: at(timing.responseEnd), what: "has the last byte", by: "responseEnd" });
}

const SERVER_SAYS = {
  arrived: "kernel has the request", first_read: "reads it", head_complete: "has the whole head", response_chosen: "has chosen the answer",
  first_write: "hands the kernel the first bytes", last_write: "hands it the last bytes", acknowledged: "knows that the client's TCP has all",
};

// What the server reported of the same exchange.
function serverHalf({ record, accepted }, number) {
  const exchange = record.exchanges.find((exchange) => exchange.number === number);
  if (!exchange) return [];
  const events = Object.entries(SERVER_SAYS).flatMap(([stage, what]) => {
    const figure = exchange.stages[stage];
    return value(figure) === undefined ? [] : [{ at: accepted + value(figure) / MS, what, by: reason(figure), is: figure.is, stage }];
  });
  if (number === 1) events.unshift({ at: accepted, what: "accepts the connection", by: "accept(2) returned", is: "measured" });
  return events;
}

function join(timing, entry, number) {
  const browser = browserHalf(timing);
  const server = entry ? serverHalf(entry, number) : [];
  const shift = shiftOf(browser, server);
  const shifted = server.map((event) => ({ ...event, at: event.at + shift }));
  const rows = [...browser.map((event) => ({ ...event, who: "browser", is: "measured" })), ...shifted.map((event) => ({ ...event, who: "server" }))].sort((a, b) => a.at - b.at);
  const [begin, end] = [browser[0].at, Math.max(...rows.map(({ at }) => at))];
  const table = el("table", { class: "stack" }, el("caption", { class: "visually-hidden" }, "What the browser and the server did, in order"),
    el("thead", {}, el("tr", {}, ["Since the fetch began", "Browser", "Server", "How it is known"].map((name) => el("th", { scope: "col" }, name)))),
    el("tbody", {}, rows.map((event) => el("tr", {},
      el("th", { scope: "row", class: "num" }, exactly((event.at - begin) * MS)),
      el("td", { class: "wide" }, event.who === "browser" ? el("span", { class: "client-ink" }, event.what) : ""),
      el("td", { class: "wide" }, event.who === "server" ? el("span", { class: "server-ink" }, event.what) : ""),
      el("td", { class: "wide" }, known({ is: event.is, by: event.by }))))));
  return [tracks(browser, shifted, begin, end), el("p", { class: "small" }, aboutClocks(server, shift)), table];
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
  return el("div", { class: "halves", "aria-hidden": "true" }, line("browser", browser, "client"), line("server", server, "server"));
}

// By how much the server's clock must be moved so that it answers between the
// browser's question and the browser's answer; nothing, if it does already.
function shiftOf(browser, server) {
  const of = (events, name) => events.find(({ by, stage }) => by === name || stage === name)?.at;
  const [asked, answered] = [of(browser, "requestStart"), of(browser, "responseStart")];
  const [read, wrote] = [of(server, "arrived") ?? of(server, "first_read"), of(server, "first_write")];
  if ([asked, answered, read, wrote].includes(undefined)) return 0;
  const isPossible = read >= asked - tick() && wrote <= answered + tick();
  return isPossible ? 0 : (asked + answered) / 2 - (read + wrote) / 2;
}

// The grain of the browser's clock in milliseconds (W3C High Resolution Time).
const tick = () => (globalThis.crossOriginIsolated ? 0.005 : 0.1);

function aboutClocks(server, shift) {
  const grain = `The browser counts in steps of ${duration(tick() * MS)}, from a moment that it read off the system's clock when this page was opened.`;
  if (!server.length) return grain;
  if (!shift) return `${grain} The server counts on the system's clock of its machine. The two fit: the server's times lie between the browser's question and its answer.`;
  return `${grain} The server's clock does not fit to it, so its half is moved by ${duration(shift * MS)}, to the middle between the browser's question and its answer: times within a column are exact, those across are estimates.`;
}
