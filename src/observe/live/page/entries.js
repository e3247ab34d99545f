// entries.js: the connections that the page keeps, within bounds. An entry is a
// record, and what the server says of it: its view.

function entryOf(record, view) {
  const accepted = epoch(record.accepted);
  const { begin, end, last } = view.lane;
  // Servers that were started one after another each count from 1.
  const connection = `${record.connection} ${record.accepted}`;
  return {
    key: `${connection} ${record.part ?? 1}`,
    connection,
    record,
    view,
    accepted,
    begin: accepted + begin / MS,
    end: end === null ? undefined : accepted + end / MS,
    last: accepted + last / MS,
    port: portOf(record.client),
  };
}

// ` :PORT` of an address; a unix socket has none.
const portOf = (address) => (address.startsWith("unix:") ? "" : ` :${address.slice(address.lastIndexOf(":") + 1)}`);

// Which part of its connection a record is; nothing where it is all of it.
const partOf = ({ part = 1, continues }) => (part > 1 || continues ? say("part", String(part)) : "");

// How many connections these are: one of several parts is one.
const connectionsIn = (entries) => new Set(entries.map(({ connection }) => connection)).size;

// A connection that nobody has accepted yet. Since when it waits is known to be no later than this.
function waitingEntry(waiting) {
  const { client, since: begin } = waiting;
  return { key: `waiting ${client}`, waiting, accepted: begin, begin, last: begin, port: portOf(client) };
}

// The latest records, in order of accept.
class Kept {
  #entries = new Map();
  #parts = new Map(); // of each connection, how many parts are kept
  #mayReturn = new Set(); // connections of which none is, and more may come
  #most;
  list = [];
  forgotten = { records: 0, connections: 0 };

  constructor(most) {
    this.#most = most;
  }

  // Takes it in, or over what was known of that part: whether its connection is new.
  put(record, view) {
    const entry = entryOf(record, view);
    const old = this.#entries.get(entry.key);
    this.#entries.set(entry.key, entry);
    if (old) {
      this.list[this.list.indexOf(old)] = entry;
      return false;
    }
    let at = this.list.length;
    while (at > 0 && this.list[at - 1].accepted > entry.accepted) at -= 1;
    this.list.splice(at, 0, entry);
    const parts = this.#parts.get(entry.connection) ?? 0;
    this.#parts.set(entry.connection, parts + 1);
    const hasReturned = this.#mayReturn.delete(entry.connection);
    if (hasReturned) this.forgotten.connections -= 1;
    if (this.list.length > this.#most) this.#forget();
    return parts === 0 && !hasReturned;
  }

  // The oldest goes: closed ones first, for the open ones may change yet.
  #forget() {
    const [gone] = this.list.splice(
      Math.max(
        0,
        this.list.findIndex((entry) => entry.end !== undefined),
      ),
      1,
    );
    this.#entries.delete(gone.key);
    this.forgotten.records += 1;
    const parts = this.#parts.get(gone.connection) - 1;
    if (parts > 0) return this.#parts.set(gone.connection, parts);
    this.#parts.delete(gone.connection);
    this.forgotten.connections += 1;
    if (gone.record.continues) this.#mayReturn.add(gone.connection);
  }

  get connections() {
    return this.#parts.size;
  }

  get(key) {
    return this.#entries.get(key);
  }

  numbered(connection) {
    return this.list.findLast((entry) => entry.record.connection === connection);
  }

  clear() {
    for (const known of [this.#entries, this.#parts, this.#mayReturn]) known.clear();
    this.list = [];
    this.forgotten = { records: 0, connections: 0 };
  }
}
