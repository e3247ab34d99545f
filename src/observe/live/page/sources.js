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

const NOTHING = { connections: 0, exchanges: 0, reports: 0, frames: 0 };

// What a log says to be in no record; nothing where it has all.
function notRecorded({ connections, exchanges, reports, frames }) {
  const parts = [
    connections && say("of_connections", connections),
    exchanges && say("of_exchanges", exchanges),
    reports && say("of_reports", reports),
    frames && say("of_frames", frames),
  ];
  return parts.some(Boolean) ? say("not_recorded", parts.filter(Boolean).join(", ")) : "";
}

// Reads a log: { kept, leftOut, sentence }, or { sentence } if nothing can be shown.
async function readLog(file) {
  const { name } = file;
  if (file.size > LOG_BYTES) return { sentence: say("log_too_large", name, LOG_BYTES >> 20, LOG_RECORDS) };
  const kept = new Kept(LOG_RECORDS);
  const leftOut = { ...NOTHING };
  const bad = { count: 0, first: undefined };
  const complain = (more, line, why) => {
    bad.count += more;
    bad.first ??= say("bad_line", line, why);
  };
  try {
    for (const piece of pieces(valuesOf(await file.text()), complain)) {
      const read = await askLog("/log", piece.map(({ text }) => text).join("\n"));
      read.records.forEach(({ line, view }) => kept.put(JSON.parse(piece[line - 1].text), view));
      for (const what of Object.keys(leftOut)) leftOut[what] += read.left_out[what];
      const { count: more, first } = read.bad;
      if (first) complain(more, piece[first.line - 1].line, first.why);
    }
  } catch (error) {
    return { sentence: say("log_unread", name, error.message) };
  }
  const complaints = bad.count && say("bad_lines", bad.count, bad.first);
  const sentence = (...parts) => parts.filter(Boolean).join(" ");
  if (!kept.list.length) {
    const missing = notRecorded(leftOut);
    return { sentence: sentence(say("no_records", name), missing, complaints, !missing && say("how_to_log")) };
  }
  const { records } = kept.forgotten;
  const forgotten = records && say("first_left_out", records);
  return { kept, leftOut, sentence: sentence(say("this_is_a_log", name, kept.list.length), forgotten, complaints) };
}

// The values of a log, as src/show/values.rs finds them: { text, line }, each text on one line. They stand on a line
// each, or are indented over several, or are the elements of an array.
function valuesOf(text) {
  if (/^\s*\[\s*[{\]]/.test(text)) return elementsOf(text);
  const lines = text.split("\n");
  const values = [];
  const follows = (at, begin) => begin.test(lines[at + 1] ?? "");
  for (let at = 0; at < lines.length; at += 1) {
    const first = at;
    if (lines[at].trimStart().startsWith("{") && follows(at, /^[ \t}\]]/) && !isWhole(lines[at])) {
      while (follows(at, /^[ \t]/)) at += 1;
      if (follows(at, /^[}\]]/)) at += 1;
    }
    values.push({ text: lines.slice(first, at + 1).join(" "), line: first + 1 });
  }
  return values.filter(({ text }) => text.trim());
}

function isWhole(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

// The elements of an array, and what stands behind it. A line may end between two tokens, never within one.
function elementsOf(text) {
  const values = [];
  let [depth, line, begin, at] = [0, 1, 0, 1]; // the element's first character, and its line
  const end = (index, from = at) => {
    const value = text
      .slice(begin, index)
      .replace(/\s*\n\s*/g, " ")
      .trim();
    if (value) values.push({ text: value, line: from });
    begin = index + 1;
  };
  for (const { 0: token, index } of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{},\n]/g)) {
    if (token === "\n") line += 1;
    else if (token === "[" || token === "{") {
      depth += 1;
      if (depth === 1) begin = index + 1;
      if (depth === 2) at = line;
    } else if (token === "]" || token === "}") {
      if (depth === 1) end(index);
      depth -= 1;
      if (depth === 0) break;
    } else if (token === "," && depth === 1) end(index);
  }
  end(text.length, line);
  return values;
}

// Pieces of whole values. Of one that the server would not take, `complain` is called.
function* pieces(values, complain) {
  const encoder = new TextEncoder();
  let [piece, size] = [[], 0];
  for (const value of values) {
    const length = encoder.encode(value.text).length + 1;
    if (length > PIECE) {
      complain(1, value.line, say("line_too_long"));
      continue;
    }
    if (size + length > PIECE) {
      yield piece;
      [piece, size] = [[], 0];
    }
    piece.push(value);
    size += length;
  }
  yield piece;
}

// The records as a log, a line each; and what is in none of them, as the server's log says it.
function saveLog({ list, forgotten }, { untold = 0, ...missing }) {
  const lines = list.map(({ record }) => record);
  const connections = missing.connections + untold + forgotten.connections;
  const left_out = { ...NOTHING, ...missing, connections };
  if (list.length && notRecorded(left_out)) lines.push({ glasshttp: list[0].record.glasshttp, left_out });
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  saveFile(text, "application/x-ndjson", "glasshttp.jsonl");
}
