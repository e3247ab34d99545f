// setting.js: the picture of the setting: two hosts, and the wire between them.

// The wire of one act; of several acts that have not run yet, what it does in each.
function drawSetting(acts, index) {
  const { setting } = acts[index ?? 0];
  const host = (side, address) => el("div", { class: `host ${side}` }, el("b", {}, say(side)), el("span", {}, address));
  const speed = [say("each_way", milliseconds(setting.delay_ms)), setting.rate].filter(Boolean).join(" · ");
  byId("setting").replaceChildren(
    host("client", "10.0.0.1"),
    el(
      "div",
      { class: "cable" },
      el("span", { class: "speed" }, speed),
      el("span", { class: "line", "aria-hidden": "true" }),
    ),
    host("server", "10.0.0.2"),
  );
  const shown = index === undefined ? acts : [acts[index]];
  const isTitled = acts.length > 1 && index === undefined;
  byId("rules").replaceChildren(
    ...shown.flatMap((act, place) => {
      const rules = act.setting.rules.map(({ sentence }) => el("span", { class: "deed" }, sentence));
      if (!rules.length && !isTitled) return [];
      const title = isTitled ? el("b", {}, `${place + 1}. ${act.title}`) : undefined;
      return [el("li", {}, title, ...rules)];
    }),
  );
}
