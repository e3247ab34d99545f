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
  if (!response.ok) return { why: await whyOf(response), status: response.status };
  let isOver = false;
  try {
    await eachLine(response.body, (line) => {
      isOver ||= line.event === "end";
      on[line.event]?.(line);
    });
  } catch (error) {
    if (signal.aborted || !(error instanceof TypeError)) throw error; // a TypeError: the connection broke
  }
  return isOver ? {} : { why: say("server_stopped") };
}

// Why the server refuses, in the reader's language: what the lab refuses says why itself.
async function whyOf(response) {
  const isOfTheLab = response.headers.get("content-type")?.startsWith("application/json");
  const { why } = isOfTheLab ? await response.json() : {};
  const known = { 403: say("refused_403"), 405: say("refused_405"), 413: say("refused_413") };
  return why ?? known[response.status] ?? say("refused", String(response.status));
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

  decided({ number, at, deed, note, is_lost: isLost, is_damaged: isDamaged }) {
    const one = this.of(number);
    if (!one) return;
    const label = [one.label, note].filter(Boolean).join(", ");
    Object.assign(one, { decided: at, deed: deed ?? undefined, label, waits: false });
    Object.assign(one, { is_lost: isLost, is_damaged: isDamaged });
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
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) =>
    Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16),
  );
}
