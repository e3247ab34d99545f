// replay.js: an act again, twenty times slower, by a button or by a handle.

const SLOWER = 20;
const STILL = matchMedia("(prefers-reduced-motion: reduce)");
const REST = 900; // milliseconds at each moment, where nothing is to move

class Replay {
  #drawing;
  #moments = [];
  #playing = 0; // the turn that is asked for

  constructor() {
    byId("play").addEventListener("click", () => (this.#playing ? this.stop() : this.#play()));
    byId("handle").addEventListener("input", ({ target }) => {
      this.stop();
      this.#show((Number(target.value) / 1000) * this.#drawing.end);
    });
  }

  of(drawing, act) {
    this.stop();
    this.#drawing = drawing;
    const moments = [
      ...act.calls.map(({ at }) => at),
      ...act.segments.flatMap((one) => [one.left, one.arrived ?? one.left]),
    ];
    this.#moments = moments.map((at) => drawing.scale.fold(at)).sort((a, b) => a - b);
    this.#finish();
  }

  stop() {
    cancelAnimationFrame(this.#playing);
    clearTimeout(this.#playing);
    this.#playing = 0;
    byId("play").textContent = say("replay");
  }

  #play() {
    const from = Number(byId("handle").value) < 1000 ? (Number(byId("handle").value) / 1000) * this.#drawing.end : 0;
    byId("play").textContent = say("pause");
    if (STILL.matches) return this.#step(from);
    let begun;
    const turn = (time) => {
      begun ??= time;
      const position = from + (time - begun) / SLOWER;
      if (position >= this.#drawing.end) return this.#finish();
      this.#show(position);
      this.#playing = requestAnimationFrame(turn);
    };
    this.#playing = requestAnimationFrame(turn);
  }

  // Moment by moment.
  #step(position) {
    this.#show(position);
    const next = this.#moments.find((moment) => moment > position + 1e-6);
    this.#playing = setTimeout(() => (next === undefined ? this.#finish() : this.#step(next)), REST);
  }

  #finish() {
    this.stop();
    byId("handle").value = 1000;
    byId("moment").textContent = milliseconds(this.#drawing.scale.unfold(this.#drawing.end));
    byId("handle").setAttribute("aria-valuetext", byId("moment").textContent);
    this.#drawing.show(Infinity);
  }

  #show(position) {
    const at = this.#drawing.scale.unfold(position);
    byId("handle").value = (position / this.#drawing.end) * 1000;
    byId("moment").textContent = milliseconds(at);
    byId("handle").setAttribute("aria-valuetext", byId("moment").textContent);
    this.#drawing.show(position >= this.#drawing.end ? Infinity : at);
  }
}
