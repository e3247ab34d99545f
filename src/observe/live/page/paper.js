// paper.js: one diagram on one sheet, and as a file that needs neither network nor script.

const SHEET = { width: 700, height: 940 }; // pixels of A4 and of Letter within their margins
const SMALLEST = 0.4; // of the usual size: smaller letters nobody reads

// Prints the chosen diagram alone, made so small that it stands on one page.
function prepareSheet() {
  const entry = chosenEntry();
  const view = entry && viewOf(entry);
  if (!view) return;
  const sheet = el("div", { id: "sheet" }, paperParts(entry, view, []));
  document.body.append(sheet);
  document.body.classList.add("has-sheet");
  for (const isTerse of [false, true]) {
    sheet.classList.toggle("is-terse", isTerse);
    for (let size = 1; size >= (isTerse ? SMALLEST : 0.6); size -= 0.05) {
      sheet.style.width = `${SHEET.width / size}px`;
      sheet.style.zoom = size;
      if (sheet.getBoundingClientRect().height <= SHEET.height) return;
    }
  }
}

function removeSheet() {
  byId("sheet")?.remove();
  document.body.classList.remove("has-sheet");
}

addEventListener("beforeprint", prepareSheet);
addEventListener("afterprint", removeSheet);

// The diagram and `more` of an entry, without what only a script could do.
function paperParts(entry, view, more) {
  const nothing = () => {};
  const all = new Set([...open].concat("all"));
  const parts = el("div", {},
    el("h1", {}, titleOf(entry), ": ", visible(view.about), view.status && " → ",
      view.status && el("span", { class: `tone ${view.tone}` }, visible(view.status))),
    el("p", { class: "small" }, say("recorded_by", new Date(entry.accepted).toLocaleString(LANGUAGE))),
    diagram(entry.record, view, all, nothing, nothing), more);
  for (const node of parts.querySelectorAll("button, input, .tools")) node.remove();
  for (const link of parts.querySelectorAll("a")) link.replaceWith(link.textContent);
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
    el("meta", { name: "color-scheme", content: "light dark" }));
  const how = el("label", { class: "check small" }, el("input", { id: "how", type: "checkbox" }), ` ${say("show_how")}`);
  const more = [facts(view.facts), exchangeParts(view.exchanges, open.has("line-ends"), () => {})];
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
