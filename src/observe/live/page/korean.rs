//! The page's own words in Korean: what stands around the steps, which the
//! server tells in the language that is asked for.

/// Each piece of the page that holds words, and the same in Korean.
const WORDS: &[(&str, &str)] = &[
    (r#"<html lang="en">"#, r#"<html lang="ko">"#),
    (r#"Skip to the connections"#, r#"연결 목록으로 건너뛰기"#),
    (r#"Looking for the server"#, r#"서버를 찾는 중"#),
    (r#"Connections, as they happen"#, r#"일어나는 그대로의 연결"#),
    (
        r#"Each connection of a server, from the client's SYN to TIME-WAIT, as it happens."#,
        r#"서버의 연결을 클라이언트의 SYN부터 TIME_WAIT까지 일어나는 그대로 봅니다."#,
    ),
    (r#"glasshttp: live"#, r#"glasshttp: 라이브"#),
    (
        r#"This page is drawn by a script, and JavaScript is off. The records are at"#,
        r#"이 페이지는 스크립트로 그려지는데 JavaScript가 꺼져 있습니다. 기록(JSON):"#,
    ),
    (r#"Fetch from <span id="origin">the site</span>"#, r#"<span id="origin">사이트</span>에서 가져오기"#),
    (r#"<button type="submit">Fetch</button>"#, r#"<button type="submit">가져오기</button>"#),
    (r#"Both halves of the request that this page made"#, r#"이 페이지가 보낸 요청의 양쪽"#),
    (r#"<h2 id="lanes-title">Connections</h2>"#, r#"<h2 id="lanes-title">연결</h2>"#),
    (r#"How much time the axis shows"#, r#"축에 보일 시간"#),
    (r#"<span>10 s</span>"#, r#"<span>10초</span>"#),
    (r#"<span>1 min</span>"#, r#"<span>1분</span>"#),
    (r#"<span>10 min</span>"#, r#"<span>10분</span>"#),
    (r#"<span>All</span>"#, r#"<span>전체</span>"#),
    (r#"<span>Chosen</span>"#, r#"<span>선택</span>"#),
    (r#"aria-pressed="false">Pause<"#, r#"aria-pressed="false">멈춤<"#),
    (r#">Open a log<"#, r#">로그 열기<"#),
    (r#"type="button">Save<"#, r#"type="button">저장<"#),
    (r#"type="button">Back to live<"#, r#"type="button">라이브로 돌아가기<"#),
    (r#"Connections, the newest first"#, r#"연결, 최신순"#),
    (
        r#"Nothing has connected yet. Ask the site for something, and it appears here:"#,
        r#"아직 연결이 없습니다. 사이트에 무엇이든 요청하면 여기에 나타납니다."#,
    ),
    (
        r#"Or open the site in another tab, or fetch a path above. A connection that asks nothing appears as well."#,
        r#"다른 탭에서 사이트를 열거나 위에서 경로를 가져와도 됩니다. 아무것도 요청하지 않는 연결도 나타납니다."#,
    ),
    (r#"in the accept queue</span>"#, r#"수락 대기열</span>"#),
    (r#"open, nothing under way"#, r#"열림, 진행 중인 것 없음"#),
    (r#"an exchange under way"#, r#"교환 진행 중"#),
    (r#"</span>a request</span>"#, r#"</span>요청</span>"#),
    (r#"</span>closed</span>"#, r#"</span>닫힘</span>"#),
    (r#"</span>reset</span>"#, r#"</span>리셋</span>"#),
    (r#"a deadline passed"#, r#"제한 시간 지남"#),
    (
        r#"Arrow keys choose a connection, Enter goes to its diagram, Escape comes back."#,
        r#"화살표로 연결을 고르고, Enter로 그림에 들어가고, Escape로 돌아옵니다."#,
    ),
    (
        r#"Tell a screen reader what arrives, every ten seconds at most"#,
        r#"새로 온 것을 화면 읽기 프로그램에 알리기(많아야 10초에 한 번)"#,
    ),
    (r#"tabindex="-1">Connection</h2>"#, r#"tabindex="-1">연결</h2>"#),
    (
        r#"Every figure says how it is known. <span class="known measured">measured</span> means that the program or the kernel
  reported it, <span class="known derived">derived</span> that it was computed from what was measured,
  <span class="known not_visible">not visible</span> that nothing reported it: then it is not drawn."#,
        r#"모든 값은 어떻게 알려졌는지 밝힙니다. <span class="known measured">측정</span>은 프로그램이나 커널이 알려 준 것, <span class="known derived">계산</span>은 측정한 값에서 계산한 것, <span class="known not_visible">보이지 않음</span>은 알려 준 것이 없다는 뜻이며 그리지 않습니다."#,
    ),
    (
        r#"{ measured: "measured", derived: "derived", not_visible: "not visible" }"#,
        r#"{ measured: "측정", derived: "계산", not_visible: "보이지 않음" }"#,
    ),
    (r#"el("h3", {}, "What went to and fro")"#, r#"el("h3", {}, "오간 것")"#),
    (
        r#""In order of time, not to scale; times count from the accept. Open a step to read why it is as it is. Lines say how we know: ""#,
        r#""시간 순서이며 간격은 비례하지 않습니다. 시각은 수락부터 셉니다. 단계를 펼치면 설명이 있습니다. 선의 모양은 어떻게 알았는지를 뜻합니다: ""#,
    ),
    (r#"known measured" }, "measured")"#, r#"known measured" }, "측정")"#),
    (r#"known derived" }, "derived")"#, r#"known derived" }, "계산")"#),
    (r#"known not_visible" }, "not visible")"#, r#"known not_visible" }, "보이지 않음")"#),
    (r#"`client :${portOf(record.client)}`"#, r#"`클라이언트 :${portOf(record.client)}`"#),
    (r#"`server :${portOf(record.server)}`"#, r#"`서버 :${portOf(record.server)}`"#),
    (r#"["In the accept queue", "wire", "queued"]"#, r#"["수락 대기열에서", "wire", "queued"]"#),
    (r#""From arrival to the first read""#, r#""도착부터 첫 읽기까지""#),
    (r#""From there to the head's end""#, r#""거기서 헤더의 끝까지""#),
    (r#""Handler chooses the response""#, r#""처리기가 응답을 정함""#),
    (r#""Until the first write""#, r#""첫 쓰기까지""#),
    (r#""Sending, first write to last""#, r#""전송, 첫 쓰기부터 마지막까지""#),
    (r#""Until the client acknowledged""#, r#""클라이언트의 ACK까지""#),
    (r#""Stages, on the server's clock""#, r#""단계(서버의 시계)""#),
    (
        r#"["Stage", "Begins", "Lasts", "How it is known", "When"]"#,
        r#"["단계", "시작", "걸린 시간", "어떻게 알았나", "언제"]"#,
    ),
    (r#"`${name} head${size}${cut}`"#, r#"`${name} 헤더${size}${cut}`"#),
    (r#"head("Request", "#, r#"head("요청", "#),
    (r#"head("Answer", "#, r#"head("응답", "#),
    (r#"" Mark line ends and other controls in the heads""#, r#"" 헤더의 줄 끝과 제어 문자 표시""#),
    (r#"fact("Client", "#, r#"fact("클라이언트", "#),
    (r#"fact("Server", "#, r#"fact("서버", "#),
    (r#"fact("Accepted", "#, r#"fact("수락", "#),
    (r#"figure("In the accept queue", "#, r#"figure("수락 대기열에서", "#),
    (r#"figure("Round trip of the handshake", "#, r#"figure("핸드셰이크의 왕복 시간", "#),
    (r#"fact("State", "#, r#"fact("상태", "#),
    (r#""measured: accept(2) returned""#, r#""측정: accept(2)가 돌아옴""#),
    (r#"`model: ${record.model}`"#, r#"`모델: ${record.model}`"#),
    (r#"`Connection ${entry.record.connection}`"#, r#"`연결 ${entry.record.connection}`"#),
    (r#"`Exchange ${exchange.number}: "#, r#"`교환 ${exchange.number}: "#),
    (
        r#"`Showing ${count(shown)} of ${plural(total, "connection")}.`"#,
        r#"`연결 ${count(total)}개 중 ${count(shown)}개를 보입니다.`"#,
    ),
    (r#"state("live", true)"#, r#"state("라이브", true)"#),
    (r#""The server has ended; what is here stays""#, r#""서버가 끝났습니다. 여기 있는 것은 남습니다""#),
    (r#""No connection to the server's events; trying again""#, r#""서버의 이벤트에 연결되지 않음. 다시 시도합니다""#),
];

/// The page in Korean.
pub(super) fn page(page: &str) -> String {
    WORDS.iter().fold(page.to_owned(), |page, (english, korean)| page.replace(english, korean))
}

#[cfg(test)]
mod tests {
    use super::super::{HTML, SCRIPT};
    use super::*;

    #[test]
    fn each_piece_is_in_the_page() {
        let whole = format!("{HTML}{}", SCRIPT.concat());
        for (english, korean) in WORDS {
            assert!(whole.contains(english), "{english} is not in the page");
            assert!(
                korean.chars().any(|letter| ('가'..='힣').contains(&letter)) || english.starts_with("<html"),
                "{korean}"
            );
        }
    }
}
