// links.js: addresses of what is shown: #12 is connection 12, #12.2 its second
// part, #12/step5 the fifth step of it, #12/request2 its second request,
// #12/step5/stage the fifth step in step mode.

const LINK = /^#(\d+)(?:\.(\d+))?(?:\/step(\d+)|\/request(\d+))?(\/stage)?$/;
let wanted = readLink(); // { connection, part, step, exchange, isOnStage }: what is still to be shown

function readLink() {
  const found = LINK.exec(location.hash);
  if (!found) return undefined;
  const [connection, part, step, exchange] = found.slice(1, 5).map((number) => number && Number(number));
  return { connection, part, step, exchange, isOnStage: Boolean(found[5]) };
}

function linkTo({ connection, part = 1 }, { step, exchange, isOnStage } = {}) {
  const place = step ? `/step${step}` : exchange ? `/request${exchange}` : "";
  return `#${connection}${part > 1 ? `.${part}` : ""}${place}${isOnStage ? "/stage" : ""}`;
}

function writeLink(link) {
  history.replaceState(null, "", link ?? location.pathname + location.search);
}

// Chooses what the address names, once it is there.
function followLink() {
  if (!wanted?.connection) return;
  const is = ({ record }) => record.connection === wanted.connection && (!wanted.part || record.part === wanted.part);
  const entry = kept().list.findLast(is);
  if (!entry) return;
  const { step, exchange, isOnStage } = wanted;
  choose(entry);
  wanted = { step, exchange, isOnStage };
  writeLink(linkTo(entry.record, wanted));
  redrawChosen();
  lanes.reveal(entry.key);
}

// All that is kept has come, and the wanted connection is not among it: it may come yet.
function missLink() {
  if (!wanted?.connection) return;
  [page.missing, page.follows] = [wanted.connection, false];
  show(undefined);
  redrawChosen();
}

// Scrolls to the wanted place of the diagram, once it is drawn.
function showPlace(record, { steps, exchanges }) {
  const { step, exchange, isOnStage } = wanted ?? {};
  if (!step && !exchange && !isOnStage) return;
  const index = exchange ? steps.findIndex((one) => one.exchange === exchange) : (step ?? 1) - 1;
  if (!steps[index]) {
    const sentence = step ? say("no_such_step", String(step), steps.length) : say("no_such_request", String(exchange));
    byId("chosen-body").prepend(el("p", { class: "banner", role: "status" }, sentence));
    return;
  }
  if (steps[index].exchange && exchanges.length > 2 * ENDS && !open.has("all")) {
    open.add("all");
    return redrawChosen();
  }
  wanted = undefined;
  page.picked = exchange;
  if (exchange) requests.redraw();
  const row = byId("chosen-body").querySelector(`[data-step="${CSS.escape(steps[index].id)}"]`);
  row?.classList.add("is-linked");
  row?.scrollIntoView({ block: "center" });
  if (isOnStage) enterStage(index + 1);
}

addEventListener("hashchange", () => {
  wanted = readLink();
  followLink();
  if (page.isSettled) missLink();
});
