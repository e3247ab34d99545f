// explain.js: why a step is as it is, said with the connection's own figures.

const next = (sequence, by = 1) => (sequence + by) % 2 ** 32;

const explain = {
  syn({ handshake, client, server }) {
    const syn = value(handshake.syn);
    const from = `Your client's system chose the source port for this connection: ${client} asks ${server}.`;
    if (!syn) return `${from} What the segment said is not visible: ${reason(handshake.syn)}.`;
    const options = [
      syn.mss != null && `it takes segments of at most ${count(syn.mss)} octets (MSS)`,
      syn.window_scale != null && `its receive window counts in units of ${count(2 ** syn.window_scale)} octets (window scale ${syn.window_scale})`,
      syn.sack_permitted && "it understands selective acknowledgements (SACK)",
      syn.timestamp != null && `its timestamp clock stood at ${syn.timestamp}`,
    ].filter(Boolean);
    return `${from} It chose sequence number ${syn.sequence}: TCP numbers every octet, and begins at a number that is hard to guess.` +
      `${options.length ? ` It also said: ${options.join("; ")}.` : ""} The segment arrived with a time to live of ${syn.ttl}.`;
  },

  synAck({ handshake }) {
    const [syn, mine] = [value(handshake.syn), value(handshake.server_sequence)];
    const ack = syn
      ? `Your client chose sequence number ${syn.sequence}, so the server's SYN+ACK acknowledges ${next(syn.sequence)}: an acknowledgement names the next octet that is expected, and the SYN counts as one.`
      : "It acknowledges the client's sequence number plus 1: an acknowledgement names the next octet that is expected, and the SYN counts as one.";
    return `${ack} ${mine === undefined ? `The server's own first number is not visible: ${reason(handshake.server_sequence)}.` : `The server's system chose ${mine} for its own half.`} The kernel answers by itself; the server program does not run for it.`;
  },

  ack({ handshake }) {
    const [mine, syn] = [value(handshake.server_sequence), value(handshake.syn)];
    const numbers = mine === undefined ? "It acknowledges the server's first number plus 1." : `The server's number was ${mine}, so this acknowledges ${next(mine)}.`;
    return `${numbers}${syn ? ` The client's first octet of data will have number ${next(syn.sequence)}.` : ""} From here on the connection is complete: connect() has returned in the client, though the server may not have called accept() yet.`;
  },

  queue({ handshake }) {
    const queue = value(handshake.queue);
    const length = queue ? `When it was taken out, ${queue.waiting ? `${plural(queue.waiting, "other")} waited` : "no other waited"} there, of ${count(queue.backlog)} that may.` : `How many others waited is not visible: ${reason(handshake.queue)}.`;
    return `The kernel keeps complete connections until the server asks for one; the client may send meanwhile. ${length}`;
  },

  accept({ handshake, model }) {
    const waited = value(handshake.queued) === undefined ? ` How long it waited in the accept queue is not visible: ${reason(handshake.queued)}.` : "";
    return `accept(2) hands the server a new socket for this client alone (model: ${model}).${waited} All times on this page count from here.`;
  },

  request({ handshake }, exchange, index) {
    const traffic = value(exchange.traffic);
    const syn = value(handshake.syn);
    const size = traffic ? `The head has ${plural(traffic.request_head, "octet")} and came in ${plural(traffic.reads, "read")}.` : `Its size is not visible: ${reason(exchange.traffic)}.`;
    const first = index === 0 && syn && traffic ? ` Its first octet has number ${next(syn.sequence)}, and after ${count(traffic.request_head)} octets the server's TCP expects ${next(syn.sequence, 1 + traffic.request_head)} next (derived: relative number 1 plus the head's length).` : "";
    return `The time is the server kernel's: when it had the octets. When the client sent them is not visible from here. ${size}${first}${purpose(exchange)}`;
  },

  firstRead(record, { stages }) {
    const waited = value(between(stages.arrived, stages.first_read, ["", ""]));
    return `recv(2) returned the first octets to the server.${waited === undefined ? "" : ` They had lain in the socket's receive buffer for ${duration(waited)}: until then the server was busy, or was being woken.`}`;
  },

  headComplete(record, exchange) {
    const reads = value(exchange.traffic)?.reads;
    return `An empty line ends the head; before that, nothing can be answered.${reads > 1 ? ` It took ${count(reads)} reads: TCP is a stream without borders, so a read may return any part of it.` : ""}`;
  },

  chosen(record, exchange) {
    const resource = exchange.resource;
    return `The handler has made its answer: status ${exchange.status}, ${value(resource) === undefined ? `from what is not visible (${reason(resource)})` : `from ${visible(value(resource))}`}.`;
  },

  answer(record, exchange) {
    const traffic = value(exchange.traffic);
    const sent = traffic ? `${plural(traffic.answer_head, "octet")} of head and ${count(traffic.answer_body)} of body, in ${plural(traffic.writes, "write")}.` : "";
    const kept = exchange.is_kept ? "The connection is kept for another request." : "After this answer the server ends the connection.";
    return `The kernel took the first octets: they are in the socket's send buffer, and leave when the client's window and the network allow. ${sent} ${kept}`;
  },

  lastWrite() {
    return "The kernel took the last octets. For the server program the answer is sent; whether the client has it is said by its acknowledgement alone.";
  },

  acknowledged(record, { stages }) {
    const took = value(between(stages.last_write, stages.acknowledged, ["", ""]));
    return `The client's TCP has every octet of the answer${took === undefined ? "" : `, ${duration(took)} after the last write`}. That its program has read them is not said by this.`;
  },

  fin(who, { close }) {
    const first = value(close.first);
    const role = first === undefined ? "" : first === who ? " This end was the first, so TIME-WAIT falls to it, unless both ended at once." : " The other end was first.";
    const other = who === "client" ? "The server may still send: the answer that is owed is sent whole." : "The client may still send; the server reads and drops it for a while, so that its answer is not lost to a reset.";
    return `A FIN says: no more octets from this end. It counts as one octet, and the other end's kernel acknowledges it; that acknowledgement is not drawn, for nothing reports it.${role} ${other}`;
  },

  reset(who) {
    return who === "client"
      ? "A reset ends both halves at once: the client's program has gone, or closed with octets unread. What was on its way is lost."
      : "A reset ends both halves at once. The server sends one on purpose where an orderly end would make an incomplete answer pass for a whole one.";
  },

  closed({ close }) {
    const tcp = value(close.tcp);
    return tcp
      ? `Right before close(2) the kernel said: state ${tcp.state}, a round trip of ${duration(tcp.rtt)} (varying by ${duration(tcp.rtt_variation)}), ${plural(tcp.retransmissions, "segment")} sent again${tcp.segments_in != null ? `, ${plural(tcp.segments_in, "segment")} in` : ""}${tcp.segments_out != null ? ` and ${count(tcp.segments_out)} out` : ""}.`
      : `What the kernel counted is not visible: ${reason(close.tcp)}.`;
  },

  timeWait({ close, client, server }) {
    const who = value(close.time_wait);
    if (who === "nobody") return "The connection was reset: neither end keeps its port for it.";
    return `Whoever ends first keeps the pair ${client} and ${server} reserved for a while (60 s on Linux), so that its last acknowledgement can be repeated and stray segments fall into no later connection.`;
  },
};

// Why a client may have asked for this.
function purpose(exchange) {
  const target = targetOf(exchange).split(" ")[1] ?? "";
  if (target.startsWith("/favicon.ico")) return " Browsers ask for this icon by themselves.";
  return exchange.status === 304 ? " The client had a copy and asked whether it still holds: it does." : "";
}

// What is worth saying of the whole connection.
function remarks(record) {
  const { close, exchanges, handshake } = record;
  const said = [];
  if (!exchanges.length && !close) said.push("Nothing has been asked on this connection yet. Browsers often open one in advance, in case they need it; a port scan looks the same.");
  if (!exchanges.length && close) said.push("Nothing was ever asked on this connection. Browsers often open one in advance and let it go; their own tools do not show it.");
  if (exchanges.length > 1) said.push(`${exchanges.length + record.exchanges_left_out} exchanges shared one handshake: the connection was kept and used again.`);
  if (value(handshake.queue)?.waiting) said.push(`Others waited in the accept queue: ${value(handshake.queue).waiting}, as this one was taken out.`);
  const tcp = close && value(close.tcp);
  if (tcp?.retransmissions) said.push(`${plural(tcp.retransmissions, "segment was", "segments were")} sent again: they, or their acknowledgements, got lost on the way.`);
  if (close) said.push(`${close.sentence} It was ${HOW[close.how] ?? "closed"}.`);
  return said;
}
