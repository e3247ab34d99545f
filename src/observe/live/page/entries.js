// entries.js: the connections that the page keeps, within bounds. An entry is a
// record, and what the server says of it: its view.

function entryOf(record, view) {
  const accepted = epoch(record.accepted);
  const { begin, end, last } = view.lane;
  return {
    key: `${record.connection} ${record.accepted} ${record.part ?? 1}`,
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

// A connection that nobody has accepted yet. Since when it waits is known to be no later than this.
function waitingEntry(waiting) {
  const { client, since: begin } = waiting;
  return { key: `waiting ${client}`, waiting, accepted: begin, begin, last: begin, port: portOf(client) };
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
    if (this.list.length > this.#most) this.#forget();
    return true;
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
