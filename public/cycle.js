// cycle.js: shows the timings that the browser reported for this load. What it did not report is not drawn.
"use strict";

(() => {
  const TEXT = {
    en: {
      browserTitle: "The browser’s half, in milliseconds",
      serverTitle: "The server’s half, as the server reported it",
      filesTitle: "The files of this page",
      kinds: {
        navigate: "a first visit or a link",
        reload: "a reload",
        back_forward: "back or forward in the history",
        prerender: "loaded ahead of time",
      },
      loaded: (kind, time, total) =>
        `This load was ${kind}, at ${time}. From its start to the last file it took ${total}.`,
      restored:
        "The browser has just brought this page back from its memory, without a request. The figures are those of the load before.",
      notVisible: "not visible",
      noTimings: "This browser reports no timings for this page, so there is nothing to show.",
      tick: "shorter than one tick of the browser’s clock",
      stages: {
        redirect: "Redirect",
        ready: "Browser gets ready",
        dns: "DNS lookup",
        tcp: "TCP handshake",
        tls: "TLS handshake",
        waiting: "Request, first byte",
        response: "Rest of the response",
        dom: "Page and its files",
      },
      notes: {
        waiting: "The request travels, the server works, the first byte travels back. A page cannot tell these apart.",
        dom: "The browser reads the page, fetches its files and builds the document.",
      },
      why: {
        redirect: "none reported: the address led straight here",
        dns: "not visible: no lookup was reported. The name was localhost, a number, or still remembered, or the connection was open already",
        tcpKept:
          "not visible: no handshake was reported for this request. The connection was open already, kept or opened in advance",
        cache: "not visible: the page came from the browser’s cache",
        missing: "not visible: the browser reported no times for this stage",
      },
      columns: ["File", "Protocol", "Connection", "Body", "Counted in all", "Time", "When"],
      connection: {
        fresh: "new",
        tick: "new, too quick to time",
        kept: "already open",
        cache: "none: from cache",
        unknown: "not visible",
      },
      thisPage: "this page",
      bytes: (count) => `${count} B`,
      summary: (all, fresh, kept, cached) =>
        `${all} files: ${fresh} over a new connection, ${kept} over one that was open already${cached ? `, ${cached} from the cache` : ""}.`,
      filesNote:
        "“New” means that the browser reported a handshake for this file. “Already open” means that it reported none: the connection was kept from an earlier file and is reused, or the browser had opened it in advance. A page cannot tell these two apart. “Body” and “counted in all” are the browser’s own figures (encodedBodySize, transferSize). It does not tell the true size of the head, and counts 300 bytes for it. 300 bytes alone mean that no body came: the server was asked, and answered 304, not modified.",
      serverColumns: ["Stage", "What the server said"],
      serverStages: {
        connection: "Connection and request",
        kernel: "The request waited in the kernel",
        read: "The head was read to its end and understood",
        response: "The response was chosen",
      },
      exchange: (connection, number) => `request ${number} on connection ${connection}`,
      notGiven: "not given",
      serverNote:
        "From the Server-Timing line of the response that carried this page. It was written before the response left, so sending it is not in it; together these stages are a part of “Request, first byte” above.",
      axis: "Time in milliseconds since the load began",
      copy: "Copy",
      copied: "Copied",
      copyFailed: "Not copied",
      copyLabel: "Copy this command",
      literal: "written as a number in the address bar",
      port: (port) => `port ${port}`,
      implied: (port) => `${port} (not written: the usual one)`,
    },
    ko: {
      browserTitle: "브라우저가 잰 시간 (밀리초)",
      serverTitle: "서버가 알려 준 시간",
      filesTitle: "이 페이지를 이루는 파일",
      kinds: {
        navigate: "처음 방문 또는 링크",
        reload: "새로 고침",
        back_forward: "방문 기록의 앞뒤 이동",
        prerender: "미리 불러오기",
      },
      loaded: (kind, time, total) =>
        `이번 로드의 종류: ${kind}. 시각: ${time}. 시작부터 마지막 파일까지 ${total} 걸렸습니다.`,
      restored: "브라우저가 요청 없이 메모리에서 이 페이지를 되살렸습니다. 아래 값은 지난번 로드의 값입니다.",
      notVisible: "볼 수 없음",
      noTimings: "이 브라우저가 이 페이지의 시간을 알려 주지 않아 보여 드릴 값이 없습니다.",
      tick: "브라우저 시계의 한 눈금보다 짧음",
      stages: {
        redirect: "리다이렉트",
        ready: "브라우저 준비",
        dns: "DNS 조회",
        tcp: "TCP 핸드셰이크",
        tls: "TLS 핸드셰이크",
        waiting: "요청부터 첫 바이트",
        response: "나머지 응답",
        dom: "페이지 구성과 파일",
      },
      notes: {
        waiting: "요청이 가고, 서버가 일하고, 첫 바이트가 돌아오기까지입니다. 페이지는 이 셋을 나누어 볼 수 없습니다.",
        dom: "브라우저가 페이지를 읽고, 필요한 파일을 받아 문서를 완성합니다.",
      },
      why: {
        redirect: "보고되지 않음: 주소가 곧바로 이 페이지를 가리켰습니다",
        dns: "볼 수 없음: 조회가 보고되지 않았습니다. localhost이거나 숫자 주소이거나 캐시에 남아 있었거나, 연결이 이미 열려 있었습니다",
        tcpKept: "볼 수 없음: 이 요청에는 핸드셰이크가 보고되지 않았습니다. 유지되었거나 미리 맺어 둔 연결을 썼습니다",
        cache: "볼 수 없음: 페이지를 브라우저 캐시에서 가져왔습니다",
        missing: "볼 수 없음: 브라우저가 이 단계의 시간을 알려 주지 않았습니다",
      },
      columns: ["파일", "프로토콜", "연결", "본문", "전송량 합계", "시간", "시점"],
      connection: {
        fresh: "새 연결",
        tick: "새 연결, 너무 짧아 잴 수 없음",
        kept: "열려 있던 연결",
        cache: "없음: 캐시에서",
        unknown: "볼 수 없음",
      },
      thisPage: "이 페이지",
      bytes: (count) => `${count} B`,
      summary: (all, fresh, kept, cached) =>
        `파일 ${all}개 중 ${fresh}개는 새 연결로, ${kept}개는 이미 열린 연결로 왔습니다.${cached ? ` ${cached}개는 캐시에서 나왔습니다.` : ""}`,
      filesNote:
        "‘새 연결’은 브라우저가 그 파일의 핸드셰이크를 보고했다는 뜻입니다. ‘열려 있던 연결’은 보고하지 않았다는 뜻입니다. 앞선 파일이 쓰던 연결을 재사용했거나 브라우저가 미리 맺어 둔 연결을 쓴 것인데, 페이지는 이 둘을 구별할 수 없습니다. ‘본문’과 ‘전송량 합계’는 브라우저가 알려 준 값(encodedBodySize, transferSize)입니다. 브라우저는 헤더의 실제 크기를 알려 주지 않고 300바이트로 칩니다. 합계가 300바이트뿐이라면 본문은 오지 않은 것입니다. 서버에 물어보았고 304(변경 없음) 응답을 받았습니다.",
      serverColumns: ["단계", "서버가 알려 준 값"],
      serverStages: {
        connection: "연결과 요청",
        kernel: "요청이 커널에서 기다린 시간",
        read: "헤더를 끝까지 읽고 이해한 시간",
        response: "응답을 고른 시간",
      },
      exchange: (connection, number) => `${connection}번 연결의 ${number}번째 요청`,
      notGiven: "주어지지 않음",
      serverNote:
        "이 페이지를 실어 온 응답의 Server-Timing 헤더에서 읽은 값입니다. 응답을 보내기 전에 적은 것이라 보내는 시간은 들어 있지 않습니다. 위의 ‘요청부터 첫 바이트’ 가운데 서버에서 보낸 시간입니다.",
      axis: "로드가 시작된 뒤의 시간, 밀리초",
      copy: "복사",
      copied: "복사됨",
      copyFailed: "복사 실패",
      copyLabel: "이 명령 복사",
      literal: "주소창에 숫자로 적힌 주소",
      port: (port) => `${port}번 포트`,
      implied: (port) => `${port} (생략된 기본값)`,
    },
  };

  const text = TEXT[document.documentElement.lang] || TEXT.en;

  // Small tools

  function el(tag, className, content) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (content !== undefined) node.append(content);
    return node;
  }

  function ms(value) {
    return value < 0.05 ? "< 0.1 ms" : `${value.toFixed(1)} ms`;
  }

  function bar(from, to, total, kind) {
    const node = el("span", `bar ${kind}`);
    node.style.left = `${Math.min(99.5, (from / total) * 100)}%`;
    node.style.width = `${Math.max(0, ((to - from) / total) * 100)}%`;
    return node;
  }

  function track(...bars) {
    const node = el("span", "track");
    node.setAttribute("aria-hidden", "true");
    node.append(...bars);
    return node;
  }

  function show(name, ...nodes) {
    const place = document.querySelector(`[data-live="${name}"]`);
    place.replaceChildren(...nodes);
    place.hidden = false;
  }

  // What the browser reported

  const fromCache = (entry) => entry.transferSize === 0 && entry.decodedBodySize > 0;

  function connectionOf(entry) {
    if (fromCache(entry)) return "cache";
    if (!entry.requestStart || !entry.connectEnd) return "unknown";
    if (entry.connectEnd > entry.connectStart) return "fresh";
    return entry.connectStart > entry.fetchStart ? "tick" : "kept";
  }

  // A stage that took place has two times. Any other says why there is nothing to draw.
  function stage(name, kind, from, to, why) {
    if (to > from) return { name, kind, from, to, note: text.notes[name] };
    return { name, kind, why };
  }

  function handshake(page) {
    const { connectStart, secureConnectionStart: secure, connectEnd } = page;
    const why =
      { cache: text.why.cache, tick: text.tick, kept: text.why.tcpKept }[connectionOf(page)] || text.why.missing;
    const stages = [stage("tcp", "wire", connectStart, secure || connectEnd, why)];
    if (secure > 0) stages.push(stage("tls", "wire", secure, connectEnd, text.tick));
    return stages;
  }

  function stagesOf(page) {
    const cached = fromCache(page);
    const missing = cached ? text.why.cache : text.why.missing;
    const redirected = page.redirectEnd > 0;
    return [
      stage("redirect", "", page.redirectStart, page.redirectEnd, text.why.redirect),
      stage("ready", "client faint", redirected ? page.redirectEnd : 0, page.fetchStart, text.tick),
      stage("dns", "wire", page.domainLookupStart, page.domainLookupEnd, cached ? text.why.cache : text.why.dns),
      ...handshake(page),
      stage("waiting", "server", page.requestStart, page.requestStart && !cached && page.responseStart, missing),
      stage("response", "wire", page.responseStart, !cached && page.responseEnd, cached ? missing : text.tick),
      stage("dom", "client", page.responseEnd, page.domComplete, text.why.missing),
    ];
  }

  // The waterfall

  function axis(total) {
    const node = el("p", "axis");
    const rough = total / 4;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
    const marks = [];
    for (let at = 0; at < total * 0.7; at += step) marks.push(at);
    for (const at of [...marks, total]) {
      const mark = el("span", "", at === total ? ms(total) : String(+at.toFixed(2)));
      mark.style.left = `${(at / total) * 100}%`;
      node.append(mark);
    }
    node.setAttribute("aria-label", text.axis);
    node.setAttribute("role", "img");
    return node;
  }

  function stageRow(item, total) {
    const row = el("li");
    row.dataset.stage = item.name;
    row.append(el("span", "name", text.stages[item.name]), " ");
    if (item.why) {
      row.append(el("span", "value absent", item.why));
      return row;
    }
    row.append(track(bar(item.from, item.to, total, item.kind)), el("span", "value", ms(item.to - item.from)));
    if (item.note) row.append(el("span", "note", item.note));
    return row;
  }

  function showStages(page, total, restored) {
    const list = el("ol", "stages");
    list.append(...stagesOf(page).map((item) => stageRow(item, total)));
    const time = new Date(performance.timeOrigin).toLocaleTimeString(document.documentElement.lang);
    const sentence = text.loaded(text.kinds[page.type] || page.type, time, ms(total));
    const parts = [el("h2", "minor", text.browserTitle), el("p", "", sentence), axis(total), list];
    if (restored) parts.splice(1, 0, el("p", "", text.restored));
    show("browser", ...parts);
  }

  // The server's half

  function table(columns, rows, className) {
    const node = el("table", `stack ${className}`);
    const head = node.createTHead().insertRow();
    for (const column of columns) {
      const cell = el("th", "", column);
      cell.scope = "col";
      head.append(cell);
    }
    const body = node.createTBody();
    for (const cells of rows) body.append(tableRow(columns, cells));
    for (const [tag, role] of [
      ["tr", "row"],
      ["td", "cell"],
      ["thead th", "columnheader"],
      ["tbody th", "rowheader"],
      ["thead", "rowgroup"],
      ["tbody", "rowgroup"],
    ]) {
      for (const part of node.querySelectorAll(tag)) part.setAttribute("role", role);
    }
    node.setAttribute("role", "table");
    return node;
  }

  function tableRow(columns, cells) {
    const row = el("tr");
    cells.forEach((content, index) => {
      const cell = el(index ? "td" : "th", "", content);
      if (index) cell.dataset.label = columns[index];
      else cell.scope = "row";
      row.append(cell);
    });
    return row;
  }

  function serverSaid({ name, description, duration }) {
    const exchange = name === "connection" && description.match(/^(\d+)\.(\d+)$/);
    if (exchange) return text.exchange(exchange[1], exchange[2]);
    return [duration > 0 ? `${+duration.toFixed(3)} ms` : "", description].filter(Boolean).join(", ") || text.notGiven;
  }

  function showServer(page) {
    const timings = (page.serverTiming || []).filter(({ name }) => !["live", "load"].includes(name)); // record.js follows them
    if (!timings.length || fromCache(page)) return; // a kept copy bears the figures of an earlier load
    const rows = timings.map((item) => [text.serverStages[item.name] || item.name, serverSaid(item)]);
    show(
      "server",
      el("h2", "minor", text.serverTitle),
      el("p", "", text.serverNote),
      table(text.serverColumns, rows, "timings"),
    );
  }

  // The files

  function connectionTag(entry) {
    const kind = connectionOf(entry);
    const colour = { fresh: "new", tick: "new", kept: "kept" }[kind] || "none";
    return el("span", `tag ${colour}`, text.connection[kind]);
  }

  function fileName(entry) {
    return new URL(entry.name).pathname + (entry.entryType === "navigation" ? ` (${text.thisPage})` : "");
  }

  function fileBars(entry, total) {
    const begun = entry.requestStart || entry.responseEnd;
    return track(
      bar(entry.startTime, begun, total, "client faint"),
      bar(begun, entry.responseStart || entry.responseEnd, total, "server"),
      bar(entry.responseStart || entry.responseEnd, entry.responseEnd, total, "wire"),
    );
  }

  function sizes(entry) {
    const known = entry.encodedBodySize > 0 || entry.transferSize > 0;
    if (!known) return [text.notVisible, text.notVisible];
    return [text.bytes(entry.encodedBodySize || entry.decodedBodySize), text.bytes(entry.transferSize)];
  }

  function fileRow(entry, total) {
    const time = entry.responseEnd > 0 ? ms(entry.responseEnd - entry.startTime) : text.notVisible;
    return [
      fileName(entry),
      entry.nextHopProtocol || text.notVisible,
      connectionTag(entry),
      ...sizes(entry),
      time,
      fileBars(entry, total),
    ];
  }

  function showFiles(entries, total) {
    const kinds = entries.map(connectionOf);
    const count = (...names) => kinds.filter((kind) => names.includes(kind)).length;
    const sentence = text.summary(entries.length, count("fresh", "tick"), count("kept"), count("cache"));
    const rows = entries.map((entry) => fileRow(entry, total));
    show(
      "files",
      el("h2", "minor", text.filesTitle),
      el("p", "", sentence),
      table(text.columns, rows, "files"),
      el("p", "", text.filesNote),
    );
  }

  function showLoad(restored) {
    const [page] = performance.getEntriesByType("navigation");
    if (!page || !page.responseEnd) {
      show("browser", el("p", "", text.noTimings));
      return;
    }
    const files = performance
      .getEntriesByType("resource")
      .filter((entry) => entry.name.startsWith(`${location.origin}/`) && entry.startTime <= page.loadEventEnd);
    const total = Math.max(
      page.loadEventEnd,
      page.domComplete,
      page.responseEnd,
      ...files.map((entry) => entry.responseEnd),
    );
    showStages(page, total, restored);
    showServer(page);
    showFiles([page, ...files], total);
  }

  // The address of this page, in the text and in the commands

  function fillAddress() {
    if (!location.host) return;
    const port = location.port || (location.protocol === "https:" ? "443" : "80");
    const bare = location.hostname.replace(/^\[|\]$/g, "");
    const values = {
      origin: location.origin,
      hostname: location.hostname,
      "bare-host": bare,
      port,
      "port-phrase": text.port(port),
      "port-said": location.port || text.implied(port),
    };
    if (/^[\d.]+$|:/.test(bare)) values["name-note"] = text.literal;
    for (const node of document.querySelectorAll("[data-fill]")) {
      const value = values[node.dataset.fill];
      if (value) node.textContent = value;
    }
  }

  function addCopyButton(block) {
    const button = el("button", "copy", text.copy);
    const code = block.querySelector("code");
    button.type = "button";
    button.setAttribute("aria-live", "polite");
    button.title = text.copyLabel;
    button.addEventListener("click", async () => {
      const said = await navigator.clipboard.writeText(code.textContent).then(
        () => text.copied,
        () => text.copyFailed,
      );
      button.textContent = said;
      setTimeout(() => {
        button.textContent = text.copy;
      }, 1500);
    });
    block.classList.add("can-copy");
    block.append(button);
  }

  fillAddress();
  if (navigator.clipboard) document.querySelectorAll(".command").forEach(addCopyButton);
  // "pageshow" follows "load". One turn later, the time at which "load" ended is known as well.
  addEventListener("pageshow", (event) => setTimeout(() => showLoad(event.persisted), 0));
})();
