// sheet.js: what is printed: one thing on one sheet, as small as it must be.

const SHEET = { width: 700, height: 940 }; // pixels of A4 and of Letter within their margins
const SMALLEST = 0.4; // of the usual size: smaller letters nobody reads

// What `make` gives is printed alone, and `fit(sheet)` makes it as small as it must be; where it
// gives nothing, the page is printed as it is.
function printOneSheet(make, fit) {
  addEventListener("beforeprint", () => {
    const parts = make();
    if (!parts) return;
    const sheet = el("div", { id: "sheet" }, parts);
    document.body.append(sheet);
    document.body.classList.add("has-sheet");
    fit(sheet);
  });
  addEventListener("afterprint", () => {
    byId("sheet")?.remove();
    document.body.classList.remove("has-sheet");
  });
}

// Whether the sheet is not too long where it is this large; it stays so.
function isOneSheet(sheet, size) {
  sheet.style.width = `${SHEET.width / size}px`;
  sheet.style.zoom = size;
  return sheet.getBoundingClientRect().height <= SHEET.height;
}

// The largest of these sizes, by steps of a twentieth, in which it is one sheet; the smallest, if none is.
function fitBetween(sheet, largest, smallest) {
  for (let size = largest; size > smallest - 0.01; size -= 0.05) if (isOneSheet(sheet, size)) return true;
  return false;
}
