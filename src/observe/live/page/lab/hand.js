// hand.js: a person is the wire: frames wait in the middle, each with four buttons.

const DECISIONS = ["deliver", "drop", "double", "damage"];

// Shows a frame that waits.
function showFrame(one) {
  const isBack = one.direction === "to_client";
  const buttons = DECISIONS.map((decision) =>
    button(say(decision), () => decide(one.number, decision), { "aria-label": `${say(decision)}: ${one.label}` }),
  );
  const way = el("span", { class: `way ${isBack ? "server" : "client"}` }, say(isBack ? "to_client" : "to_server"));
  const card = el(
    "li",
    { id: `frame-${one.number}`, class: "frame" },
    way,
    el("b", {}, one.label),
    el("span", { class: "decisions" }, buttons),
  );
  const hadFocus = byId("frames").dataset.focus;
  byId("frames").append(card);
  byId("frames-said").textContent = say("waits", say(isBack ? "to_client" : "to_server"), one.label);
  if (hadFocus && !byId("frames").contains(document.activeElement)) focusFrame();
}

async function decide(number, decision) {
  const card = byId(`frame-${number}`);
  if (!card || card.dataset.isDecided) return;
  card.dataset.isDecided = "yes";
  byId("frames").dataset.focus = "yes";
  const order = { method: "POST", body: JSON.stringify({ do: decision }) };
  try {
    const response = await fetch(`/lab/frame/${number}?lang=${LANGUAGE}`, order);
    // A frame that waits no longer goes as well.
    if (!response.ok) hideFrame(number);
  } catch {
    hideFrame(number);
    tellOf(say("server_stopped"));
  }
}

function hideFrame(number) {
  const card = byId(`frame-${number}`);
  const hadFocus = card?.contains(document.activeElement);
  card?.remove();
  if (hadFocus) focusFrame();
}

// The next frame is under the hand that decided about the last one.
function focusFrame() {
  byId("frames").querySelector("button")?.focus();
}

function clearFrames() {
  delete byId("frames").dataset.focus;
  byId("frames").replaceChildren();
}
