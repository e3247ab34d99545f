// exchanges.js: each exchange's stages as a waterfall that is a table, and the
// heads as they were on the wire.

const STAGES = [
  ["In the accept queue", "wire", "queued"],
  ["From arrival to the first read", "client", "arrived", "first_read"],
  ["From there to the head's end", "client", "first_read", "head_complete"],
  ["Handler chooses the response", "server", "head_complete", "response_chosen"],
  ["Until the first write", "server", "response_chosen", "first_write"],
  ["Sending, first write to last", "server", "first_write", "last_write"],
  ["Until the client acknowledged", "wire", "last_write", "acknowledged"],
];
const NAMES = {
  arrived: "the arrival", first_read: "the first read", head_complete: "the head's end", response_chosen: "the choice of the response",
  first_write: "the first write", last_write: "the last write", acknowledged: "the acknowledgement",
};

function exchangeParts(record, marksLineEnds) {
  return record.exchanges.map((exchange, index) => el("section", { "aria-label": `Exchange ${exchange.number}` },
    el("h3", {}, `Exchange ${exchange.number}: ${visible(targetOf(exchange)) || "no head"} → ${exchange.status || "no whole request"}`),
    waterfall(record, exchange, index),
    el("div", { class: "heads" },
      head("Request", exchange.request, value(exchange.traffic)?.request_head, marksLineEnds),
      head("Answer", exchange.response, value(exchange.traffic)?.response_head, marksLineEnds))));
}

function waterfall(record, exchange, index) {
  const rows = STAGES.flatMap(([name, kind, from, to]) => {
    if (from !== "queued") return [{ name, kind, begin: value(exchange.stages[from]), took: between(exchange.stages[from], exchange.stages[to], [NAMES[from], NAMES[to]]) }];
    if (index > 0) return []; // a connection waits there once
    const queued = record.handshake.queued;
    return [{ name, kind, begin: value(queued) === undefined ? undefined : -value(queued), took: queued }];
  });
  const timed = rows.filter((row) => value(row.took) !== undefined);
  const end = Math.max(...timed.map((row) => row.begin + value(row.took)));
  const own = Math.min(...timed.filter((row) => row.took !== record.handshake.queued).map((row) => row.begin));
  // A wait long before would leave no room for the rest: its bar is left out then.
  const first = Math.min(...timed.map((row) => row.begin));
  const begin = own - first > 4 * (end - own) ? own : first;
  const table = el("table", { class: "stack" }, el("caption", {}, "Stages, on the server's clock"),
    el("thead", {}, el("tr", {}, ["Stage", "Begins", "Lasts", "How it is known", "When"].map((name) => el("th", { scope: "col" }, name)))),
    el("tbody", {}, rows.map((row) => stageRow(row, begin, end))));
  return table;
}

function stageRow({ name, kind, begin: at, took }, begin, end) {
  const lasts = value(took);
  const bar = lasts === undefined || at < begin ? undefined : el("span", { class: `span ${kind} ${took.is}` });
  if (bar) place(bar, at, at + lasts, begin, end);
  return el("tr", {}, el("th", { scope: "row" }, name),
    el("td", { class: "num", "data-label": "begins" }, at === undefined ? "" : exactly(at)),
    el("td", { class: "num", "data-label": "lasts" }, lasts === undefined ? "" : duration(lasts)),
    el("td", { class: "wide" }, known(took)),
    el("td", { class: "when" }, bar ? el("span", { class: "track", "aria-hidden": "true" }, bar) : ""));
}

// Puts a bar where it belongs between `begin` and `end`.
function place(bar, from, to, begin, end) {
  const total = Math.max(end - begin, 1e-9);
  bar.style.left = `min(${((from - begin) / total) * 100}%, 100% - 3px)`;
  bar.style.width = `${Math.max(0, ((to - from) / total) * 100)}%`;
}

function head(name, message, bytes, marksLineEnds) {
  const size = bytes === undefined ? "" : `, ${plural(bytes, "byte")}`;
  const cut = message.is_cut ? ", its beginning" : "";
  const text = message.head || "There was none.";
  return el("figure", {}, el("figcaption", {}, `${name} head${size}${cut}`), el("pre", { tabindex: "0" }, el("code", {}, marksLineEnds && message.head ? withLineEnds(message.head) : shown(text))));
}

// As text: line ends break lines, other controls have their pictures.
const shown = (text) => text.replace(/\r\n/g, "\n").split("\n").map(visible).join("\n").trimEnd();

function withLineEnds(text) {
  return text.split(/(\r\n|\r|\n)/).map((part) => (/^[\r\n]/.test(part) ? el("span", { class: "line-end" }, `${visible(part)}\n`) : visible(part)));
}
