// paper.js: an experiment on one sheet: the question, what was measured, the act that is drawn.

printOneSheet(
  () => {
    const copy = (id) => {
      const node = byId(id).cloneNode(true);
      for (const one of [node, ...node.querySelectorAll("[id]")]) one.removeAttribute("id");
      for (const one of node.querySelectorAll("input")) one.remove();
      return node;
    };
    const choices = isByHand() ? "" : copy("choice-list");
    const words = el("div", {}, copy("asked"), choices, copy("verdict"));
    const act = lab.acts.length > 1 ? el("p", { class: "small" }, lab.acts[lab.act].title) : "";
    const picture = el("div", {}, copy("setting"), copy("rules"), act, copy("drawing"), copy("late"));
    const { number, title } = lab.chosen;
    return [
      el("h1", {}, number ? `${number}. ${title}` : title),
      el("div", { class: "halves-of-sheet" }, words, picture),
    ];
  },
  (sheet) => {
    // The drawing has what its half of the sheet leaves it.
    const drawing = sheet.querySelector(".drawing svg");
    for (const name of ["width", "height"]) drawing?.removeAttribute(name);
    fitBetween(sheet, 1, SMALLEST);
  },
);
