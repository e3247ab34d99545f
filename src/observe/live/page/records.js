// records.js: what a record must look like (a log may hold anything), and the
// records that the page keeps, within bounds.

const SCHEMA = 2;

const isText = (x) => typeof x === "string";
const isNumber = (x) => typeof x === "number" && Number.isFinite(x);
const isFlag = (x) => typeof x === "boolean";
const maybe = (check) => (x) => x === null || x === undefined || check(x);
const listOf = (check) => (x) => Array.isArray(x) && x.every(check);
const shape = (fields) => (x) =>
  typeof x === "object" && x !== null && Object.entries(fields).every(([name, check]) => check(x[name]));
const figureOf = (check) => (x) => {
  if (typeof x !== "object" || x === null) return false;
  if (x.is === "not_visible") return isText(x.why);
  return check(x.value) && (x.is === "measured" ? isText(x.by) : x.is === "derived" && isText(x.from));
};

const isTime = figureOf(isNumber);
const isMessage = shape({ head: isText, is_cut: isFlag });
const isExchange = shape({
  number: isNumber, request: isMessage, response: isMessage, status: isNumber, resource: figureOf(isText), is_kept: isFlag,
  stages: shape({
    arrived: isTime, first_read: isTime, head_complete: isTime, response_chosen: isTime, first_write: isTime,
    last_write: isTime, acknowledged: isTime,
  }),
  traffic: figureOf(shape({ reads: isNumber, request_head: isNumber, writes: isNumber, response_head: isNumber, response_body: isNumber })),
});
const isHandshake = shape({
  syn: figureOf(shape({
    sequence: isNumber, mss: maybe(isNumber), window: isNumber, window_scale: maybe(isNumber), sack_permitted: isFlag,
    timestamp: maybe(isNumber), ttl: isNumber, headers: isText,
  })),
  server_sequence: isTime, queued: isTime, queue: figureOf(shape({ waiting: isNumber, backlog: isNumber })), rtt: isTime,
});
const isClose = shape({
  at: isTime, reason: isText, sentence: isText, how: isText, first: figureOf(isText), client_end: isTime,
  server_end: isTime, tcp: figureOf(shape({ state: isText, rtt: isNumber, rtt_variation: isNumber, retransmissions: isNumber })),
  time_wait: figureOf(isText),
});
const isRecord = shape({
  connection: isNumber, model: isText, client: isText, server: isText, accepted: (x) => isText(x) && isNumber(epoch(x)),
  handshake: isHandshake, exchanges: listOf(isExchange), exchanges_left_out: isNumber, close: maybe(isClose),
});

// Why this is no record that can be shown; nothing if it is one.
function problem(x) {
  if (typeof x !== "object" || x === null || !("glasshttp" in x)) return "it is no record of glasshttp";
  if (x.glasshttp !== SCHEMA) return `its form has version ${String(x.glasshttp)}, and this page knows version ${SCHEMA}`;
  return isRecord(x) ? undefined : "a part of the record is missing or has another type";
}

// A log: a record a line, or one array of records.
function parseLog(text) {
  const records = [];
  const bad = { count: 0, first: undefined };
  const take = (x, place, why = problem(x)) => {
    if (!why) return records.push(x);
    bad.count += 1;
    bad.first ??= `${place}: ${why}`;
  };
  if (text.trimStart().startsWith("[")) {
    try {
      JSON.parse(text).forEach((x, index) => take(x, `record ${index + 1}`));
    } catch {
      take(undefined, "the array", "it is no JSON, or not whole");
    }
    return { records, bad };
  }
  text.split("\n").forEach((line, index) => {
    if (!line.trim()) return;
    let x;
    try {
      x = JSON.parse(line);
    } catch {
      return take(undefined, `line ${index + 1}`, "it is no JSON");
    }
    take(x, `line ${index + 1}`);
  });
  return { records, bad };
}

// A record with what is asked of it often.
function entryOf(record) {
  const accepted = epoch(record.accepted);
  // It waited at least since its first bytes had arrived.
  const arrivals = record.exchanges.map((exchange) => value(exchange.stages.arrived) ?? 0);
  const queued = Math.max(value(record.handshake.queued) ?? 0, -Math.min(0, ...arrivals));
  const closedAt = record.close ? value(record.close.at) : undefined;
  const last = Math.max(0, ...record.exchanges.flatMap((exchange) => Object.values(exchange.stages).map((stage) => value(stage) ?? 0)));
  return {
    key: `${record.connection} ${record.accepted}`, record, accepted,
    begin: accepted - Math.max(0, queued) / MS,
    end: record.close ? accepted + (closedAt ?? last) / MS : undefined,
    last: accepted + last / MS,
    port: record.client.slice(record.client.lastIndexOf(":") + 1),
  };
}

// The latest records, in order of accept.
class Kept {
  #entries = new Map();
  #most;
  list = [];
  forgotten = 0;

  constructor(most) {
    this.#most = most;
  }

  // Takes it in, or over what was known of its connection: whether it is new.
  put(record) {
    const entry = entryOf(record);
    const old = this.#entries.get(entry.key);
    this.#entries.set(entry.key, entry);
    if (old) {
      this.list[this.list.indexOf(old)] = entry;
      return false;
    }
    let at = this.list.length;
    while (at > 0 && this.list[at - 1].accepted > entry.accepted) at -= 1;
    this.list.splice(at, 0, entry);
    if (this.list.length > this.#most) this.#forget();
    return true;
  }

  // The oldest goes: closed ones first, for the open ones may change yet.
  #forget() {
    const [gone] = this.list.splice(Math.max(0, this.list.findIndex((entry) => entry.end !== undefined)), 1);
    this.#entries.delete(gone.key);
    this.forgotten += 1;
  }

  get(key) {
    return this.#entries.get(key);
  }

  numbered(connection) {
    return this.list.findLast((entry) => entry.record.connection === connection);
  }

  clear() {
    this.#entries.clear();
    this.list = [];
    this.forgotten = 0;
  }
}

const targetOf = (exchange) => exchange.request.head.split(/\r?\n/, 1)[0];

// What a connection was about, in the server's words; of a saved log, its last line and status.
function about(record) {
  if (record.view) return record.view.about;
  const last = record.exchanges.at(-1);
  return last ? `${visible(targetOf(last))} → ${last.status || "…"}` : "";
}

// How it ended, in the server's words.
const ended = (record) => record.view?.ended ?? record.close?.reason ?? "";

// The same as a sentence, for those who hear it.
const aboutAloud = ({ record, port }) => `${record.connection}, :${port}, ${about(record)}, ${ended(record)}`;
