// stage.js: a diagram step by step, for a room: each key press reveals one more.

class Stage {
  #dialog = byId("stage");
  #list = byId("stage-steps");
  #record;
  #steps = [];
  #shown = 0; // steps that are revealed

  constructor() {
    this.#dialog.addEventListener("keydown", (event) => this.#press(event));
    // A button that has the focus is pressed when the space bar is let go.
    this.#dialog.addEventListener("keyup", (event) => event.key === " " && event.preventDefault());
    byId("stage-next").addEventListener("click", () => this.#show(this.#shown + 1));
    byId("stage-back").addEventListener("click", () => this.#show(this.#shown - 1));
    byId("stage-leave").addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("close", () => {
      writeLink(linkTo(this.#record, { step: this.#shown }));
      byId("step-mode").focus();
    });
  }

  // What is shown stays as it is, whatever happens to the connection meanwhile.
  enter(entry, { steps }, from = 1) {
    this.#record = entry.record;
    this.#steps = steps;
    byId("stage-title").textContent = titleOf(entry);
    byId("stage-ends").replaceChildren(endsOf(entry.record, entry.view));
    const rows = [];
    withJumps(steps, (step, jump, number) => {
      if (jump) rows.push(jump);
      rows.push(row(entry.record, step, { number, open: new Set() }));
    });
    this.#list.replaceChildren(...rows);
    this.#dialog.showModal();
    this.#list.focus();
    this.#show(Math.min(Math.max(from, 1), steps.length));
  }

  #press(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const { key, shiftKey } = event;
    const onward = [" ", "ArrowDown", "ArrowRight", "PageDown"];
    const back = ["Backspace", "ArrowUp", "ArrowLeft", "PageUp"];
    const to = { Home: 1, End: this.#steps.length }[key];
    if (key === "Enter" && event.target.closest("button")) return;
    if (back.includes(key) || (key === " " && shiftKey)) this.#show(this.#shown - 1);
    else if (onward.includes(key) || key === "Enter") this.#show(this.#shown + 1);
    else if (to) this.#show(to);
    else return;
    event.preventDefault();
  }

  #show(number) {
    if (number < 1 || number > this.#steps.length) return;
    this.#shown = number;
    let current;
    let at = 0;
    for (const node of this.#list.children) {
      if (node.dataset.step) at += 1;
      // A jump belongs to the step after it.
      node.hidden = at > number || (!node.dataset.step && at + 1 > number);
      node.classList.toggle("is-now", at === number && Boolean(node.dataset.step));
      if (at === number && node.dataset.step) current = node;
    }
    current?.scrollIntoView({ block: "center" });
    const { label, title, sentence } = this.#steps[number - 1];
    const counted = say("step_of", number, this.#steps.length);
    byId("stage-count").textContent = counted;
    byId("stage-said").textContent = [counted, label, title, sentence].filter(Boolean).map(visible).join(". ");
    byId("stage-back").disabled = number === 1;
    byId("stage-next").disabled = number === this.#steps.length;
    writeLink(linkTo(this.#record, { step: number, isOnStage: true }));
  }
}
