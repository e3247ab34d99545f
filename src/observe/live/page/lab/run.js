// run.js: one run: it is asked for, and what happens comes line by line.

const TAKEN_ALREADY = 409;
const ATTEMPTS = 8;
const AGAIN = 400; // milliseconds

// Calls `on[event]` for each line; gives what came of it: "over", or the reason why there is none.
async function perform(wish, on, signal) {
  const ask = () => fetch(`/lab/run?lang=${LANGUAGE}`, { method: "POST", body: JSON.stringify(wish), signal });
  let response = await ask();
  // The one that this page left a moment ago may not be over.
  for (let attempt = 1; response.status === TAKEN_ALREADY && attempt < ATTEMPTS; attempt += 1) {
    await new Promise((done) => setTimeout(done, AGAIN));
    response = await ask();
  }
  if (!response.ok) return { why: (await response.json()).why, status: response.status };
  await eachLine(response.body, (line) => on[line.event]?.(line));
  return {};
}

async function eachLine(body, tell) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) if (line) tell(JSON.parse(line));
  }
}

// An act as it grows, event by event.
class Growing {
  constructor({ title, setting }) {
    Object.assign(this, { title, setting, segments: [], calls: [], flights: [], late: "" });
  }

  left({ segment }) {
    this.segments.push(segment);
  }

  waits(number) {
    const one = this.of(number);
    if (one) one.waits = true;
  }

  decided({ number, at, deed, is_lost: isLost }) {
    const one = this.of(number);
    if (one) Object.assign(one, { decided: at, deed: deed ?? undefined, is_lost: isLost, waits: false });
  }

  arrived({ number, at, is_copy: isCopy }) {
    const one = this.of(number);
    if (one) one[isCopy ? "copy" : "arrived"] = at;
  }

  call({ call }) {
    this.calls.push(call);
  }

  of(number) {
    return this.segments.find((one) => one.number === number);
  }
}

// Pairs of hexadecimal digits, as bytes.
function bytesOf(hex) {
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) => Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16));
}
