// sources.js: where records come from: the server's events, or a saved log,
// which the server reads piece by piece.

const LOG_BYTES = 64 << 20;
const LOG_RECORDS = 5000;
const PIECE = 900 << 10; // bytes: the server takes less than 1 MiB
const AGAIN = 2000; // milliseconds

// Listens to the server until the page is closed, and again after each end.
class LiveSource {
  #on;

  // `on` has a function for each event, and `state(text, isLive)`.
  constructor(on) {
    this.#on = on;
    if (location.protocol === "file:") on.state(say("saved_page"), false);
    else this.#listen();
  }

  #listen() {
    const events = new EventSource(`/events?lang=${LANGUAGE}`);
    const again = (text) => {
      events.close();
      this.#on.state(text, false);
      setTimeout(() => this.#listen(), AGAIN);
    };
    for (const name of ["hello", "records", "waiting", "left_out"]) {
      events.addEventListener(name, (event) => this.#on[name](JSON.parse(event.data)));
    }
    events.addEventListener("hello", () => this.#on.state(say("live"), true));
    events.addEventListener("end", () => again(say("server_ended")));
    events.addEventListener("gave_way", () => {
      events.close();
      this.#on.state(say("gave_way"), false);
    });
    events.addEventListener("error", () => again(say("no_events")));
  }
}

// What the server says of lines of a log; throws if it can't be asked.
async function askLog(path, lines) {
  const response = await fetch(`${path}?lang=${LANGUAGE}`, { method: "POST", body: lines });
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}

// Reads a log: { kept, sentence }, or { sentence } if nothing can be shown.
async function readLog(file) {
  const { name } = file;
  if (file.size > LOG_BYTES) return { sentence: say("log_too_large", name, LOG_BYTES >> 20, LOG_RECORDS) };
  const kept = new Kept(LOG_RECORDS);
  const bad = { count: 0, first: undefined };
  const complain = (more, first) => {
    bad.count += more;
    bad.first ??= first;
  };
  try {
    for (const [piece, before] of pieces(linesOf(await file.text()), complain)) {
      const read = await askLog("/log", piece);
      const lines = piece.split("\n");
      read.records.forEach(({ line, view }) => kept.put(JSON.parse(lines[line - 1]), view));
      const { count: more, first } = read.bad;
      if (first) complain(more, say("bad_line", before + first.line, first.why));
    }
  } catch (error) {
    return { sentence: say("log_unread", name, error.message) };
  }
  const complaints = bad.count ? ` ${say("bad_lines", bad.count, bad.first)}` : "";
  if (!kept.list.length) return { sentence: `${say("no_records", name)}${complaints} ${say("how_to_log")}` };
  const forgotten = kept.forgotten ? ` ${say("first_left_out", kept.forgotten)}` : "";
  return { kept, sentence: `${say("this_is_a_log", name, kept.list.length)}${forgotten}${complaints}` };
}

// The lines of a log: a record each; or they are one array.
function linesOf(text) {
  if (!text.trimStart().startsWith("[")) return text.split("\n");
  try {
    return JSON.parse(text).map((record) => JSON.stringify(record));
  } catch {
    return [text];
  }
}

// Pieces of whole lines, each with the number of lines before it. Of a line that the server would
// not take, `complain` is told.
function* pieces(lines, complain) {
  const encoder = new TextEncoder();
  let [piece, size, before] = [[], 0, 0];
  for (const [index, line] of lines.entries()) {
    const length = encoder.encode(line).length + 1;
    const isTooLong = length > PIECE;
    if (isTooLong) complain(1, say("bad_line", index + 1, say("line_too_long")));
    if (size + length > PIECE && !isTooLong) {
      yield [piece.join("\n"), before];
      [piece, size, before] = [[], 0, index];
    }
    piece.push(isTooLong ? "" : line);
    size += isTooLong ? 1 : length;
  }
  yield [piece.join("\n"), before];
}

// The records as a log, a line each.
function saveLog(list) {
  const text = list.map(({ record }) => `${JSON.stringify(record)}\n`).join("");
  saveFile(text, "application/x-ndjson", "glasshttp.jsonl");
}
