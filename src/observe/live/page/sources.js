// sources.js: where records come from: the server's events, or a saved log.

const LOG_BYTES = 64 << 20;
const LOG_RECORDS = 5000;
const AGAIN = 2000; // milliseconds
const LANGUAGE = document.documentElement.lang;

// Listens to the server until the page is closed, and again after each end.
class LiveSource {
  #told;

  // `told` has a function for each event, and `state(text, isLive)`.
  constructor(told) {
    this.#told = told;
    if (location.protocol === "file:") told.state("A saved page: open a log to see connections", false);
    else this.#listen();
  }

  #listen() {
    const events = new EventSource(`/events?lang=${LANGUAGE}`);
    const again = (text) => {
      events.close();
      this.#told.state(text, false);
      setTimeout(() => this.#listen(), AGAIN);
    };
    for (const name of ["hello", "records", "left_out"]) {
      events.addEventListener(name, (event) => this.#told[name](JSON.parse(event.data)));
    }
    events.addEventListener("hello", () => this.#told.state("live", true));
    events.addEventListener("end", () => again("The server has ended; what is here stays"));
    events.addEventListener("gave_way", () => {
      events.close();
      this.#told.state("Too many pages are open: this one gave way to another. Reload it to go on", false);
    });
    events.addEventListener("error", () => again("No connection to the server's events; trying again"));
  }
}

// Reads a log: { name, kept, sentence }, or { sentence } if nothing can be shown.
async function readLog(file) {
  if (file.size > LOG_BYTES) return { sentence: `${file.name} is larger than ${LOG_BYTES >> 20} MiB. Take its end: tail -n ${LOG_RECORDS} ${file.name} > part.jsonl` };
  const { records, bad } = parseLog(await file.text());
  const complaints = bad.count ? ` ${plural(bad.count, "line is", "lines are")} no record that can be shown; the first is ${bad.first}.` : "";
  if (!records.length) return { sentence: `${file.name} holds no records.${complaints} A log is made with --log json.` };
  const kept = new Kept(LOG_RECORDS);
  for (const record of records) kept.put(record);
  const forgotten = kept.forgotten ? ` The first ${count(kept.forgotten)} are left out.` : "";
  return { name: file.name, kept, sentence: `This is the log ${file.name}: ${plural(kept.list.length, "connection")}.${forgotten}${complaints}` };
}

// The records as a log, a line each.
function saveLog(list) {
  const text = list.map(({ record: { view, ...record } }) => `${JSON.stringify(record)}\n`).join("");
  const link = el("a", { href: URL.createObjectURL(new Blob([text], { type: "application/x-ndjson" })), download: "glasshttp.jsonl" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), AGAIN);
}
