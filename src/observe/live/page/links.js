// links.js: addresses of what is shown: #12 is connection 12, #12.2 its second
// part, #12/step5 the fifth step of it.

const FOUND_WITHIN = 3000; // milliseconds until a connection is given up
let wanted = readLink(); // { connection, part, step, exchange }: what is still to be shown

function readLink() {
  const [, ...numbers] = /^#(\d+)(?:\.(\d+))?(?:\/step(\d+))?$/.exec(location.hash) ?? [];
  const [connection, part, step] = numbers.map((number) => number && Number(number));
  return connection && { connection, part, step };
}

const linkTo = ({ connection, part = 1 }, step) =>
  `#${connection}${part > 1 ? `.${part}` : ""}${step ? `/step${step}` : ""}`;

function writeLink(link) {
  history.replaceState(null, "", link ?? location.pathname + location.search);
}

// Chooses what the address names, once it is there.
function followLink() {
  if (!wanted?.connection) return;
  const is = ({ record }) => record.connection === wanted.connection && (!wanted.part || record.part === wanted.part);
  const entry = kept().list.findLast(is);
  if (!entry) return;
  const { step, exchange } = wanted;
  choose(entry);
  wanted = { step, exchange };
  writeLink(linkTo(entry.record, step));
  redrawChosen();
  lanes.reveal(entry.key);
}

function giveLinkUp() {
  if (!wanted?.connection) return;
  showBanner(say("no_such_link", String(wanted.connection)), say("all_right"));
  wanted = undefined;
  follow();
}

// Scrolls to the wanted place of the diagram, once it is drawn.
function showPlace(record, { steps, exchanges }) {
  const { step, exchange } = wanted ?? {};
  if (!step && !exchange) return;
  const index = step ? step - 1 : steps.findIndex((one) => one.exchange === exchange);
  if (!steps[index]) return;
  if (steps[index].exchange && exchanges.length > 2 * ENDS && !open.has("all")) {
    open.add("all");
    return redrawChosen();
  }
  wanted = undefined;
  const row = byId("chosen-body").querySelector(`[data-step="${CSS.escape(steps[index].id)}"]`);
  row?.classList.add("is-linked");
  row?.scrollIntoView({ block: "center" });
}

addEventListener("hashchange", () => {
  wanted = readLink();
  followLink();
  giveLinkUp();
});
setTimeout(giveLinkUp, FOUND_WITHIN);
