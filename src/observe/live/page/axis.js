// axis.js: the axis of time. A folded one leaves out what nothing happened in:
//
//     21:14:47  +200 ms  ⫽ 12 s  21:15:01    now
//     ├──────────────────┤⫽├─────────────────┤
//      a burst             a fold
//
// On both kinds `place(time)` is where a time is drawn, from 0 to 1.

const IDLE = 2000; // milliseconds without anything: more is folded
const MOST_BURSTS = 6;
const FOLD = 0.045; // of the width
const LETTER = 7.5; // pixels, of a label

// Milliseconds since 1970; its marks count from `origin`.
function evenAxis({ from, to, origin }) {
  const span = to - from;
  const place = (time) => (time - from) / span;
  const marks = (width) => {
    const step = niceStep(span, width < 420 ? 3 : 6);
    const list = [];
    for (let at = Math.ceil((from - origin) / step) * step; at <= to - origin + step / 1e6; at += step) {
      list.push({ at: place(at + origin), text: axisLabel(at, step, origin === to) });
    }
    return list;
  };
  return { from, to, place, marks, folds: [] };
}

function axisLabel(at, step, endsNow) {
  if (Math.abs(at) < step / 1e6) return endsNow ? say("now") : "0";
  return moment(at * MS)
    .replace(/\.0+ /, " ")
    .replace(/(\.\d*?)0+ /, "$1 ");
}

// The bursts in which something happened, each as wide as it was long; between them, folds.
// `isLatest`: the latest of them alone, else all, with the shortest idle times left as they are.
function foldedAxis(entries, now, isLatest) {
  const isOpen = now !== undefined;
  const all = bursts(entries, now ?? Infinity);
  if (!all.length) return evenAxis({ from: (now ?? 0) - 10_000, to: now ?? 0, origin: now ?? 0 });
  const list = isLatest ? all.slice(-MOST_BURSTS) : fewer(all);
  if (isOpen && now - list.at(-1).to <= IDLE) list.at(-1).to = Math.max(list.at(-1).to, now);
  const endsIdle = isOpen && list.at(-1).to < now;
  const active = list.reduce((sum, { from, to }) => sum + to - from, 0);
  const pad = Math.max(active * 0.04, 2);
  const room = 1 - FOLD * (list.length - 1 + (endsIdle ? 1.6 : 0));
  const scale = room / (active + 2 * pad * list.length);
  const parts = [];
  let left = 0;
  for (const [index, { from, to }] of list.entries()) {
    const width = (to - from + 2 * pad) * scale;
    parts.push({ from: from - pad, to: to + pad, left, width, begin: from });
    left += width;
    const next = list[index + 1]?.from ?? (endsIdle ? now : undefined);
    if (next === undefined) break;
    const isLast = index === list.length - 1;
    const fold = isLast ? 1 - left : FOLD;
    parts.push({ from: to + pad, to: isLast ? now : next - pad, left, width: fold, idle: next - to });
    left += fold;
  }
  const place = (time) => {
    const part = parts.find(({ to }) => time <= to) ?? parts.at(-1);
    return part.left + ((time - part.from) / Math.max(part.to - part.from, 1e-9)) * part.width;
  };
  return {
    from: parts[0].from,
    to: parts.at(-1).to,
    place,
    folds: parts.filter((part) => part.idle !== undefined),
    // As long as nothing happens, everything stays where it is.
    standsStill: endsIdle && parts.map(({ from, left }) => `${from} ${left}`).join(),
    marks: (width) => foldedMarks(parts, width, endsIdle),
  };
}

// When something was under way, merged where little lies between.
const bursts = (entries, now) => merged(entries.flatMap((entry) => ofEntry(entry, now)));

// Those of an entry on which nothing is under way are worked out once.
const burstsOfViews = new WeakMap();
function ofEntry(entry, now) {
  if (entry.waiting) return busy(entry, now);
  const known = burstsOfViews.get(entry.view);
  if (known) return known;
  const found = merged(busy(entry, now));
  const isSettled = entry.view.lane.bars.every(({ kind, to }) => kind === "open" || to !== null);
  if (isSettled) burstsOfViews.set(entry.view, found);
  return found;
}

function merged(spans) {
  const merged = [];
  for (const { from, to } of spans.sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last && from - last.to <= IDLE) last.to = Math.max(last.to, to);
    else merged.push({ from, to });
  }
  return merged;
}

// An open connection on which nothing happens is not under way.
function busy({ begin, accepted, view, waiting }, now) {
  if (waiting) return [{ from: begin, to: now === Infinity ? begin : now }];
  const at = (time) => accepted + time / MS;
  const until = (time) => (time === null ? Math.max(now === Infinity ? accepted : now, accepted) : at(time));
  const bars = view.lane.bars.filter(({ kind }) => kind !== "open");
  return [
    { from: begin, to: accepted },
    ...bars.map(({ from, to }) => ({ from: at(from), to: Math.max(at(from), until(to)) })),
    ...view.lane.marks.map((mark) => ({ from: at(mark.at), to: at(mark.at) })),
  ];
}

// Joins the bursts between which the least time lies, until they are few.
function fewer(all) {
  const list = all.map((burst) => ({ ...burst }));
  while (list.length > MOST_BURSTS) {
    const idle = (index) => list[index + 1].from - list[index].to;
    let least = 0;
    for (let index = 1; index < list.length - 1; index += 1) if (idle(index) < idle(least)) least = index;
    list[least].to = list[least + 1].to;
    list.splice(least + 1, 1);
  }
  return list;
}

// Each burst by its time of day, and how long it is; then what was folded.
function foldedMarks(parts, width, endsIdle) {
  const marks = endsIdle ? [{ at: 1, text: say("now") }] : [];
  const bursts = parts.filter((part) => part.idle === undefined);
  const at = (part, time) => part.left + ((time - part.from) / (part.to - part.from)) * part.width;
  for (const part of bursts) marks.push({ at: at(part, part.begin), text: clockTime(part.begin), isBegin: true });
  for (const part of parts) {
    if (part.idle !== undefined) marks.push({ at: part.left + part.width / 2, text: roughly(part.idle), isFold: true });
  }
  for (const part of bursts) {
    const span = part.to - part.begin;
    const step = niceStep(span, (part.width * width) / 90);
    for (let time = step; time < span; time += step) {
      marks.push({ at: at(part, part.begin + time), text: axisLabel(time, step, false) });
    }
  }
  return marks;
}

// Those of the marks, the more important ones first, that do not lie over one another.
function withoutOverlap(marks, width) {
  const taken = [];
  return marks.filter(({ at, text }) => {
    const size = text.length * LETTER + 8;
    const middle = Math.min(Math.max(at * width, size / 2), width - size / 2);
    const isFree = taken.every(([from, to]) => middle + size / 2 <= from || middle - size / 2 >= to);
    if (isFree) taken.push([middle - size / 2, middle + size / 2]);
    return isFree;
  });
}

const clockTime = (time) => new Date(time).toLocaleTimeString("en-GB");

// Milliseconds, in one unit without a fraction.
function roughly(ms) {
  const units = [
    [1000, "s"],
    [60_000, "min"],
    [3_600_000, "h"],
    [86_400_000, "d"],
  ];
  const [size, name] = units.findLast(([size]) => ms >= size) ?? units[0];
  return `${Math.max(1, Math.round(ms / size))} ${name}`;
}
