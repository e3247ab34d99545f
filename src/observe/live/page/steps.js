// steps.js: a record as the steps of a sequence diagram: what went from whom to
// whom, what happened at the server, when, and how each is known.

const NO_TIME = {
  syn: notVisible("the kernel keeps the SYN for the server, but not the moment at which it came"),
  ack: notVisible("the wait in the accept queue is counted in ticks of the kernel's clock, and it was too short for that"),
  synAck: notVisible("it needs the moment of the last ACK and the round trip, and one of them is not visible"),
};

// A step: { kind: arrow | event | wait | note, from, label, what, segment, time, why }.
// `segment` is how we know that and what it was, `time` how we know when.
function stepsOf(record) {
  const steps = [...handshakeSteps(record), ...record.exchanges.flatMap((exchange, index) => exchangeSteps(record, exchange, index))];
  return inOrder(steps).concat(record.close ? closeSteps(record) : openSteps(record));
}

// By time; what has none stays behind what it follows.
function inOrder(steps) {
  let last = -Infinity;
  const keyed = steps.map((step) => {
    last = (step.time && value(step.time)) ?? last;
    return { step, at: last };
  });
  return keyed.sort((a, b) => a.at - b.at).map(({ step }) => step);
}

// A wait that began and ended between two ticks (often 4 ms) can count one of them, or none.
const isHardlyAny = (queued) => queued.is === "derived" && queued.value < 8e6;

function handshakeSteps(record) {
  const { syn, server_sequence: mine, queued, rtt } = record.handshake;
  const [sent, own, trip] = [value(syn), value(mine), value(rtt)];
  const waited = isHardlyAny(queued) ? undefined : value(queued);
  const follows = syn.is === "not_visible" ? notVisible(reason(syn)) : derived(undefined, "the SYN's sequence number plus 1");
  const complete = isHardlyAny(queued) ? NO_TIME.ack : waited === undefined ? notVisible(reason(queued)) : { ...queued, value: -waited };
  const answered = waited === undefined || trip === undefined ? NO_TIME.synAck : derived(-waited - trip, "the last ACK's time less the round trip");
  const owned = own === undefined ? "" : ` seq ${own}`;
  return [
    { id: "syn", kind: "arrow", from: "client", label: sent ? `SYN seq ${sent.sequence}` : "SYN", what: "SYN: the client asks for a connection", segment: syn, time: NO_TIME.syn, why: explain.syn(record) },
    { id: "syn-ack", kind: "arrow", from: "server", label: sent ? `SYN+ACK${owned} ack ${next(sent.sequence)}` : "SYN+ACK", what: "SYN+ACK: the server's kernel agrees", segment: follows, time: answered, why: explain.synAck(record) },
    { id: "ack", kind: "arrow", from: "client", label: own === undefined ? "ACK" : `ACK ack ${next(own)}`, what: "ACK: the connection is complete", segment: own === undefined ? derived(undefined, "the connection is complete, so it came; its number is not visible") : derived(undefined, "the server's sequence number plus 1"), time: complete, why: explain.ack(record) },
    ...(waited > 0 ? [{ id: "queue", kind: "wait", at: "server", label: `accept queue: ${duration(waited)}`, what: "It waits in the accept queue", segment: queued, why: explain.queue(record) }] : []),
    { id: "accept", kind: "event", at: "server", label: "accept()", what: "The server takes the connection", time: measured(0, "accept(2) returned"), why: explain.accept(record) },
  ];
}

// What the collector says of stages that nobody has reached: there is nothing to draw.
const NOT_REACHED = new Set(["not yet", "it did not come to that"]);

function exchangeSteps(record, exchange, index) {
  const { stages, number } = exchange;
  const name = record.exchanges.length > 1 ? `Exchange ${number}: ` : "";
  const line = visible(targetOf(exchange)) || "(no head)";
  const status = visible(exchange.answer.head.split(/\r?\n/, 1)[0]) || String(exchange.status || "the answer");
  const id = (part) => `${number}-${part}`;
  const isOneWrite = value(stages.first_write) !== undefined && value(stages.first_write) === value(stages.last_write);
  const read = measured(undefined, "the head as the server read it");
  const wrote = measured(undefined, "the head as the server sent it");
  const steps = [
    { id: id("request"), kind: "arrow", from: "client", label: line, what: `${name}the request arrives: ${line}`, segment: read, time: stages.arrived, why: explain.request(record, exchange, index), begins: true },
    { id: id("read"), kind: "event", at: "server", label: "recv()", what: "The server reads its first octets", time: stages.first_read, why: explain.firstRead(record, exchange) },
    { id: id("head"), kind: "event", at: "server", label: "head complete", what: "The head is complete", time: stages.head_complete, why: explain.headComplete(record, exchange) },
    { id: id("chosen"), kind: "event", at: "server", label: `answer: ${exchange.status}`, what: `The answer is chosen: ${exchange.status}`, time: stages.answer_chosen, why: explain.chosen(record, exchange) },
    { id: id("answer"), kind: "arrow", from: "server", label: status, what: `${name}the answer leaves${isOneWrite ? ", in one write" : ""}: ${status}`, segment: wrote, time: stages.first_write, why: explain.answer(record, exchange) },
  ];
  if (!isOneWrite) steps.push({ id: id("written"), kind: "event", at: "server", label: "last write", what: "The last octets are written", time: stages.last_write, why: explain.lastWrite() });
  const acknowledged = value(stages.acknowledged) === undefined ? stages.acknowledged : { ...stages.acknowledged, value: undefined };
  steps.push({ id: id("ack"), kind: "arrow", from: "client", label: "ACK of the last octet", what: `${name}the client's TCP has it all`, segment: acknowledged, time: stages.acknowledged, why: explain.acknowledged(record, exchange) });
  const reached = steps.filter(({ time }) => !NOT_REACHED.has(time.why));
  if (exchange.status) return reached;
  const arrived = reached.filter((step) => step.id !== id("ack"));
  return [...arrived, { id: id("incomplete"), kind: "note", what: `No whole request has come${record.close ? "" : " yet"}: its head has no end.` }];
}

function openSteps(record) {
  const left = leftOut(record);
  if (record.exchanges.length && !record.exchanges.at(-1).status) return left;
  return [...left, { id: "open", kind: "note", what: record.exchanges.length ? "The connection is open, and waits for another request." : "The connection is open. Nothing has come on it." }];
}

const leftOut = ({ exchanges_left_out: left }) =>
  left ? [{ id: "left-out", kind: "note", what: `${plural(left, "exchange")} more happened on this connection and ${left === 1 ? "is" : "are"} not told, for there were too many.` }] : [];

function closeSteps(record) {
  const { close } = record;
  const fin = (who, time) => ({ id: `fin-${who}`, kind: "arrow", from: who, label: "FIN", what: `FIN: the ${who} has said everything`, segment: time.is === "not_visible" ? time : { ...time, value: undefined }, time, why: explain.fin(who, record) });
  const rst = (who, time) => ({ id: "reset", kind: "arrow", from: who, label: "RST", what: `RST: the ${who} breaks the connection`, segment: time.is === "not_visible" ? derived(undefined, `how it ended: ${HOW[close.how]}`) : { ...time, value: undefined }, time, why: explain.reset(who) });
  const isSeen = (time) => time.is !== "not_visible";
  const ends = {
    reset_by_client: () => [...(isSeen(close.server_end) ? [fin("server", close.server_end)] : []), rst("client", close.client_end)],
    reset_by_server: () => [...(isSeen(close.client_end) ? [fin("client", close.client_end)] : []), rst("server", isSeen(close.server_end) ? close.server_end : close.at)],
    lost: () => [{ id: "lost", kind: "note", what: "The process that served it was ended; what the wire saw of that is not visible." }],
  }[close.how] ?? (() => {
    const both = [fin("client", close.client_end), fin("server", close.server_end)];
    return value(close.first) === "server" ? both.reverse() : both;
  });
  const who = value(close.time_wait);
  const wait = who === undefined
    ? { id: "time-wait", kind: "note", what: `Who is left in TIME-WAIT is not visible: ${reason(close.time_wait)}.` }
    : who === "nobody"
      ? { id: "time-wait", kind: "note", what: `Nobody is left in TIME-WAIT (${WORDS[close.time_wait.is]}: ${reason(close.time_wait)}).` }
      : { id: "time-wait", kind: "wait", at: who, label: "TIME-WAIT", what: `TIME-WAIT is the ${who}'s`, segment: close.time_wait, why: explain.timeWait(record) };
  const closed = { id: "closed", kind: "event", at: "server", label: "close()", what: `Closed: ${close.sentence}`, time: close.at, why: explain.closed(record) };
  return [...leftOut(record), ...inOrder([...ends(), closed]), wait];
}
