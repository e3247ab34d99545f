// segments.js: captured segments: their numbers as they stand in the header, and
// one of them opened, header by header, to its bytes.

const BYTES_IN_A_LINE = 16;
const packets = new Map(); // what was opened, by its address

// What stands above the diagram where there are segments; nothing otherwise.
function segmentTools({ connection }, steps, open, redraw) {
  if (!steps.some((step) => step.segment)) return "";
  const absolute = el("input", { type: "checkbox", checked: open.has("absolute") });
  absolute.addEventListener("change", () => {
    if (absolute.checked) open.add("absolute");
    else open.delete("absolute");
    redraw();
  });
  const file = { href: `/records/${connection}.pcapng?lang=${LANGUAGE}`, download: `glasshttp-${connection}.pcapng` };
  const hasFrames = steps.some((step) => step.segment?.has_frame);
  const save = hasFrames ? el("a", { ...file, class: "button" }, say("wireshark")) : "";
  const note = say(hasFrames ? "wireshark_note" : page.log ? "log_has_no_frames" : "no_frames");
  return el(
    "p",
    { class: "tools" },
    el("label", { class: "check" }, absolute, ` ${say("absolute")}`),
    save,
    el("span", { class: "small" }, note),
  );
}

// A segment's numbers as they stand in its header.
function inTheHeader({ flags, sequence, acknowledgment, length, window }) {
  const ack = acknowledgment === undefined ? "" : `, ack ${acknowledgment}`;
  return `${flags} seq ${sequence}${ack}, len ${length}, win ${window}`;
}

// The button that opens a segment, and the segment, if it is open.
function packetParts({ connection }, { index, has_frame: hasFrame }, open, redraw) {
  if (!hasFrame) return "";
  const key = `packet-${index}`;
  const isOpen = open.has(key);
  const toggle = () => {
    if (isOpen) open.delete(key);
    else open.add(key);
    redraw();
  };
  const label = say(isOpen ? "close_packet" : "open_packet");
  const press = button(label, toggle, { class: "opens", "aria-expanded": String(isOpen) });
  if (!isOpen) return press;
  const shows = open.has(`${key}-data`);
  const address = `/records/${connection}/segments/${index}?lang=${LANGUAGE}${shows ? "&secrets=shown" : ""}`;
  const packet = packets.get(address);
  if (packet === undefined) ask(address, redraw);
  const showData = () => {
    open.add(`${key}-data`);
    redraw();
  };
  if (packet) return [press, packetPanel(packet, showData)];
  return [press, el("p", { class: "small" }, say(packet === null ? "no_packet" : "asking"))];
}

async function ask(address, redraw) {
  if (packets.size > 64) packets.clear();
  const response = await fetch(address).catch(() => undefined);
  packets.set(address, response?.ok ? await response.json() : null);
  redraw();
}

function packetPanel({ remarks, layers, bytes, withheld }, showData) {
  const digits = (bytes.match(/../g) ?? []).map((byte) => el("span", {}, byte));
  const field = ({ name, value: text, range: [from, to] }) =>
    el(
      "tr",
      { tabindex: "0", "data-from": from, "data-to": to },
      el("th", { scope: "row" }, name),
      el("td", {}, visible(text)),
    );
  const layer = ({ name, range: [from, to], fields }) =>
    el(
      "div",
      { class: "layer" },
      el("h5", { "data-from": from, "data-to": to }, name),
      fields.length ? el("table", {}, el("tbody", {}, fields.map(field))) : "",
    );
  const panel = el(
    "div",
    { class: "packet" },
    el("div", { class: "layers" }, layers.map(layer)),
    el("pre", { class: "bytes", tabindex: "0" }, hexLines(digits)),
    remarks.map((remark) => el("p", { class: "small" }, remark)),
    withheld ? el("p", { class: "small" }, `${say("data_withheld")} `, button(say("show_data"), showData)) : "",
  );
  const mark = ({ target }) => {
    const { from, to } = target.closest("[data-from]")?.dataset ?? {};
    digits.forEach((digit, at) => digit.classList.toggle("marked", at >= Number(from) && at < Number(to)));
  };
  panel.addEventListener("mouseover", mark);
  panel.addEventListener("focusin", mark);
  return panel;
}

// Lines of bytes, each with the place of its first one.
function hexLines(digits) {
  const lines = [];
  for (let at = 0; at < digits.length; at += BYTES_IN_A_LINE) {
    const line = digits.slice(at, at + BYTES_IN_A_LINE).flatMap((digit) => [" ", digit]);
    lines.push(el("span", { class: "at" }, at.toString(16).padStart(4, "0")), ...line, "\n");
  }
  return lines;
}
