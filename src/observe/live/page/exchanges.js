// exchanges.js: each exchange's stages as a waterfall that is a table, and the
// heads as they were on the wire.

function exchangeParts(sheets, marksLineEnds, showSecrets, heading = "h3") {
  return sheets.map((sheet) =>
    el(
      "section",
      { "aria-label": visible(sheet.title) },
      el(
        heading,
        { class: "exchange-title" },
        visible(sheet.title),
        " → ",
        el("span", { class: `tone ${sheet.tone}` }, sheet.status),
      ),
      waterfall(sheet.stages),
      el(
        "div",
        { class: "heads" },
        sheet.heads.map((one) => head(one, marksLineEnds)),
      ),
      sheet.withheld ? el("p", { class: "small" }, `${say("withheld")} `, button(say("show"), showSecrets)) : "",
    ),
  );
}

function waterfall(rows) {
  const timed = rows.filter((row) => row.lasts !== null);
  const ends = timed.map((row) => row.at + row.lasts);
  const own = timed.filter((row) => row.at >= 0).map((row) => row.at);
  const [end, first, begun] = [Math.max(...ends), Math.min(...timed.map((row) => row.at)), Math.min(...own)];
  // A wait long before would leave no room for the rest: its bar is left out then.
  const begin = begun - first > 4 * (end - begun) ? begun : first;
  const columns = ["stage", "begins", "lasts", "how", "when"].map((name) => el("th", { scope: "col" }, say(name)));
  return el(
    "table",
    { class: "stack" },
    el("caption", {}, say("stages")),
    el("thead", {}, el("tr", {}, columns)),
    el(
      "tbody",
      {},
      rows.map((row) => stageRow(row, begin, end)),
    ),
  );
}

function stageRow({ name, place: kind, at, lasts, known: style, how }, begin, end) {
  const bar = lasts === null || at < begin ? undefined : el("span", { class: `span ${kind} ${style}` });
  if (bar) place(bar, at, at + lasts, begin, end);
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, name),
    el("td", { class: "num", "data-label": say("begins") }, at === null ? "" : exactly(at)),
    el("td", { class: "num", "data-label": say("lasts") }, lasts === null ? "" : duration(lasts)),
    el("td", { class: "wide" }, known(style, how)),
    el("td", { class: "when" }, bar ? el("span", { class: "track", "aria-hidden": "true" }, bar) : ""),
  );
}

function head({ title, text, none }, marksLineEnds) {
  const code = el("code", {}, none || (marksLineEnds ? withLineEnds(text) : shown(text)));
  return el("figure", {}, el("figcaption", {}, title), el("pre", { tabindex: "0" }, code));
}

// As text: line ends break lines, other controls have their pictures.
const shown = (text) => text.replace(/\r\n/g, "\n").split("\n").map(visible).join("\n").trimEnd();

function withLineEnds(text) {
  const part = (piece) =>
    /^[\r\n]/.test(piece) ? el("span", { class: "line-end" }, `${visible(piece)}\n`) : visible(piece);
  return text.split(/(\r\n|\r|\n)/).map(part);
}
