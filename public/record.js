// record.js: the server's record of this very load, from its live page on this machine: what a browser does not tell.
"use strict";

(() => {
  const TEXT = {
    en: {
      from: "From the server’s record",
      close: "Close",
      said: (connection, request) =>
        `The rows marked “From the server’s record” come from the record of request ${request} on connection ${connection}, which the server’s live page holds; their times count from the accept, by the server’s clock. All other rows are your browser’s own.`,
      more: "This load in the live page, step by step",
      gone: "The server’s record of this load is not there: under load some are left out, and only the latest are kept.",
      columns: ["Since the accept", "What happened", "How it is known"],
      port: (port) => `Here the server’s record says it: ${port}.`,
    },
    ko: {
      from: "서버의 기록에서",
      close: "연결 종료",
      said: (connection, request) =>
        `‘서버의 기록에서’라고 적힌 줄은 서버의 라이브 페이지에 있는 연결 ${connection}의 ${request}번째 요청 기록에서 왔습니다. 시각은 서버의 시계로 수락부터 셉니다. 나머지는 모두 브라우저가 알려 준 것입니다.`,
      more: "라이브 페이지에서 이번 로드를 단계별로 보기",
      gone: "이번 로드의 서버 기록이 없습니다. 부하가 크면 일부를 생략하고, 최근의 것만 남깁니다.",
      columns: ["수락부터", "일어난 일", "어떻게 알았나"],
      port: (port) => `서버의 기록에는 있습니다: ${port}.`,
    },
  };
  const LANGUAGE = document.documentElement.lang;
  const text = TEXT[LANGUAGE] || TEXT.en;
  const AGAIN = 1000; // milliseconds
  const FOUND_WITHIN = 5; // attempts
  const WATCHED_FOR = 60; // attempts: kept connections end by then

  function el(tag, className, ...content) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    node.append(...content);
    return node;
  }

  // Where the live page is, and what this load is called there; nothing, if the server did not say.
  function named() {
    // The live page is on the server's own machine: asked from another one, localhost would be somebody else.
    if (!/^(localhost|127(\.\d+){3}|\[::1\])$/.test(location.hostname)) return undefined;
    const [page] = performance.getEntriesByType("navigation");
    const isKeptCopy = page && page.transferSize === 0 && page.decodedBodySize > 0;
    if (!page || isKeptCopy) return undefined;
    const said = (name) => (page.serverTiming || []).find((item) => item.name === name)?.description;
    const [live, load] = [said("live"), said("load")];
    return live && load && URL.canParse(live) ? { live, load } : undefined;
  }

  async function ask({ live, load }) {
    const address = new URL(`/loads/${load}?lang=${LANGUAGE}`, live);
    const response = await fetch(address, { cache: "no-store", credentials: "omit" }).catch(() => undefined);
    return response && response.ok ? response.json() : undefined;
  }

  function since(nanoseconds) {
    if (nanoseconds === null) return "";
    const ms = nanoseconds / 1e6;
    return `${ms < 0 ? "−" : "+"}${Math.abs(ms).toFixed(3)} ms`;
  }

  function part({ text: sentence, steps }) {
    const node = el("div", "from-record", el("p", "", el("b", "", text.from), " ", sentence));
    if (!steps.length) return node;
    const row = (step) =>
      el("tr", "", el("td", "num", since(step.at)), el("td", "", step.text), el("td", `how ${step.known}`, step.how));
    const head = el("tr", "", ...text.columns.map((name) => Object.assign(el("th", "", name), { scope: "col" })));
    node.append(el("table", "", el("thead", "", head), el("tbody", "", ...steps.map(row))));
    return node;
  }

  function put(name, content) {
    const list = document.querySelector("[data-live=browser] .stages");
    let row = list.querySelector(`[data-stage=${name}]`);
    if (!row) {
      row = el("li", "", el("span", "name", text.close));
      row.dataset.stage = name;
      list.append(row);
    }
    row.querySelector(".from-record")?.remove();
    row.append(content);
  }

  function fill(name, value, note) {
    for (const node of document.querySelectorAll(`[data-record="${name}"]`)) {
      node.textContent = value;
      node.classList.remove("unseen");
      if (note) node.after(el("dd", "unseen", text.from));
      node.removeAttribute("data-record");
    }
  }

  function show({ live }, load) {
    put("dns", part(load.dns));
    put("tcp", part(load.tcp));
    put("close", part(load.close));
    const [address, port] = [
      load.client.slice(0, load.client.lastIndexOf(":")),
      load.client.slice(load.client.lastIndexOf(":") + 1),
    ];
    fill("client-address", address, true);
    fill("client-port", port, true);
    fill("client-port-note", text.port(port));
    fill("server-address", load.server.slice(0, load.server.lastIndexOf(":")));
    const link = el("a", "", text.more);
    link.href = new URL(`/?lang=${LANGUAGE}#${load.connection}`, live);
    say(text.said(load.connection, load.exchange), link);
  }

  function say(...content) {
    const place = document.querySelector("[data-live=record]");
    place.replaceChildren(el("p", "", content[0]), ...content.slice(1).map((node) => el("p", "", node)));
    place.hidden = false;
  }

  // Asks until the connection has ended, for its end is a part of the story.
  async function follow(place) {
    let found;
    for (let attempt = 0; attempt < (found ? WATCHED_FOR : FOUND_WITHIN); attempt += 1) {
      const load = await ask(place);
      if (load) show(place, (found = load));
      if (load?.is_over) return;
      await new Promise((done) => {
        setTimeout(done, found || attempt ? AGAIN : 100);
      });
    }
    if (!found) say(text.gone);
  }

  // After the rows of the browser's half are there: cycle.js draws them one turn after "load".
  addEventListener("pageshow", (event) =>
    setTimeout(() => {
      const place = named();
      if (!place || event.persisted) return;
      for (const link of document.querySelectorAll("[data-live-link]")) {
        link.href = new URL(`/${link.dataset.liveLink}?lang=${LANGUAGE}`, place.live);
        link.closest("[hidden]")?.removeAttribute("hidden");
      }
      follow(place);
    }, 1),
  );
})();
