// paper.js: one diagram on one sheet, and as a file that needs neither network nor script.

printOneSheet(
  () => {
    const entry = chosenEntry();
    const view = entry && viewOf(entry);
    return view && paperParts(entry, view, []);
  },
  (sheet) => {
    const rows = sheet.querySelectorAll(".steps > *").length;
    // First smaller, then without what explains each step, then in two columns.
    const ways = [
      [1, 0.6, ""],
      [1, 0.5, "is-terse"],
      [0.6, SMALLEST, "is-terse is-double"],
    ];
    const fits = (rows <= MOST_ON_A_SHEET ? ways : []).some(([largest, smallest, way]) => {
      sheet.className = way;
      return fitBetween(sheet, largest, smallest);
    });
    if (!fits) cutOff(sheet);
  },
);

// Rows that are more than a sheet holds in any way.
const MOST_ON_A_SHEET = 160;

// More than a sheet holds in letters that can be read: it says where it ends.
function cutOff(sheet) {
  const rows = [...sheet.querySelectorAll(".steps > *")];
  const list = sheet.querySelector(".steps");
  const stepsOf = (count) => rows.slice(0, count).filter((row) => row.dataset.step).length;
  const end = el("p", { class: "cut" });
  sheet.className = "is-terse is-double";
  sheet.append(end);
  // By halves: each look at how long it is costs a layout.
  let [fits, tooMany] = [1, Math.min(rows.length, MOST_ON_A_SHEET) + 1];
  while (tooMany - fits > 1) {
    const count = Math.floor((fits + tooMany) / 2);
    keepRows(count);
    if (isOneSheet(sheet, SMALLEST)) fits = count;
    else tooMany = count;
  }
  keepRows(fits);

  function keepRows(count) {
    list.replaceChildren(...rows.slice(0, count));
    end.textContent = say("sheet_is_full", stepsOf(count), stepsOf(rows.length));
  }
}

// The diagram and `more` of an entry, without what only a script could do.
function paperParts(entry, view, more) {
  const nothing = () => {};
  const all = new Set([...open].concat("all"));
  const parts = el(
    "div",
    {},
    el(
      "h1",
      {},
      titleOf(entry),
      ": ",
      visible(view.about),
      view.status && " → ",
      view.status && el("span", { class: `tone ${view.tone}` }, visible(view.status)),
    ),
    el("p", { class: "small" }, say("recorded_by", new Date(entry.accepted).toLocaleString(LANGUAGE))),
    diagram(entry.record, view, all, nothing, nothing),
    more,
  );
  for (const node of parts.querySelectorAll("button, input, .tools")) node.remove();
  for (const link of parts.querySelectorAll("a")) {
    link.replaceWith(el("span", { class: link.className }, link.textContent));
  }
  return parts;
}

// A page of its own: text is text in it as it is here, and nothing in it may run or be fetched.
function handOut(entry, view) {
  const copy = document.implementation.createHTMLDocument(titleOf(entry));
  copy.documentElement.lang = LANGUAGE;
  copy.head.prepend(
    el("meta", { charset: "utf-8" }),
    el("meta", { "http-equiv": "Content-Security-Policy", content: "default-src 'none'; style-src 'unsafe-inline'" }),
    el("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
    el("meta", { name: "color-scheme", content: "light dark" }),
  );
  const how = el(
    "label",
    { class: "check small" },
    el("input", { id: "how", type: "checkbox" }),
    ` ${say("show_how")}`,
  );
  const more = [facts(view.facts), exchangeParts(view.exchanges, open.has("line-ends"), () => {}, "h2")];
  const main = el("main", { class: "chosen hand-out" }, paperParts(entry, view, more));
  main.querySelector("h1").after(how);
  copy.body.append(main);
  // The policy of this page lets no script make a style: it is put in as text.
  const style = `<style>\n${document.querySelector("style").textContent}</style></head>`;
  return `<!DOCTYPE html>\n${copy.documentElement.outerHTML.replace("</head>", () => style)}\n`;
}

function saveHandOut() {
  const entry = chosenEntry();
  const view = entry && viewOf(entry);
  if (view) saveFile(handOut(entry, view), "text/html", `glasshttp-${entry.record.connection}.html`);
}
