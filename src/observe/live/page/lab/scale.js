// scale.js: where a moment of an act is on the page. While something is under way time
// is drawn whole; a pause in which nothing moves is cut short, and marked.

const FALL = 62; // points that an arrow falls while it crosses the wire
const PAUSE = 150; // points of the longest pause that is drawn whole
const FOLDED = 44; // points of a longer one
const TALLEST = 1200;
const SHORTEST = 1; // milliseconds

class Scale {
  // `act` has arrows and calls; `top` is where its first moment is.
  constructor(act, top) {
    const usual = Math.min(Math.max(act.setting.delay_ms, SHORTEST), 100);
    const spans = spansOf(act, usual).sort((a, b) => a[0] - b[0]);
    const stretches = [];
    // Where a person decides, all is pauses.
    const isByHand = act.segments.some(({ decided, waits }) => decided !== undefined || waits);
    const longest = ((isByHand ? FOLDED : PAUSE) / FALL) * usual;
    const folded = (FOLDED / FALL) * usual;
    for (const [begin, end] of spans) {
      const last = stretches.at(-1);
      if (last && begin - last[1] <= longest) last[1] = Math.max(last[1], end);
      else stretches.push([begin, end]);
    }
    this.knots = [];
    this.pauses = [];
    let position = 0;
    for (const [begin, end] of stretches) {
      const before = this.knots.at(-1);
      if (before) {
        this.pauses.push({ from: position, to: position + folded, skipped: begin - before[0] });
        position += folded;
      }
      this.knots.push([begin, position], [end, (position += end - begin)]);
    }
    if (!this.knots.length) this.knots.push([0, 0]);
    this.length = Math.max(position, usual * (stretches.length ? 1 : 4));
    this.top = top;
    this.factor = Math.min(FALL / usual, TALLEST / this.length);
    this.bottom = top + this.length * this.factor;
  }

  // A moment, as time without what was cut out of pauses; and back.
  fold(at) {
    return between(this.knots, at, 0, 1);
  }

  unfold(position) {
    return between(this.knots, position, 1, 0);
  }

  y(at) {
    return this.place(this.fold(at));
  }

  place(position) {
    return this.top + position * this.factor;
  }
}

// When something of an act moves: from, to.
function spansOf({ segments, calls }, usual) {
  const spans = calls.map(({ at }) => [at, at]);
  for (const one of segments) {
    if (one.decided === undefined) spans.push([one.left, one.copy ?? one.arrived ?? one.left + usual / 2]);
    else spans.push([one.left, one.left], [one.decided, one.copy ?? one.arrived ?? one.decided]);
  }
  return spans;
}

// The value that belongs to `at` on a line through `knots`, straight before the first and behind the last.
function between(knots, at, from, to) {
  const next = knots.findIndex((knot) => knot[from] >= at);
  if (next === 0) return knots[0][to] + (at - knots[0][from]);
  if (next < 0) return knots.at(-1)[to] + (at - knots.at(-1)[from]);
  const [a, b] = [knots[next - 1], knots[next]];
  const width = b[from] - a[from];
  return width ? a[to] + ((at - a[from]) / width) * (b[to] - a[to]) : b[to];
}
