//! The page's own words, in each language: its headings and buttons, and what it
//! says of itself, of the browser and of files. What happened on a connection is
//! told by [`crate::story`]. `{0}` is a figure, `{0|one|many}` a word beside it.

use crate::language::Language;

/// A name, and what stands for it.
pub(super) const WORDS: &[(&str, &str, &str)] = &[
    ("lang", "en", "ko"),
    ("title", "glasshttp: live", "glasshttp: 실시간"),
    (
        "description",
        "Each connection of a server, from the client's SYN to TIME_WAIT, as it happens.",
        "서버의 연결을 클라이언트의 SYN부터 TIME_WAIT까지 일어나는 그대로 봅니다.",
    ),
    ("skip", "Skip to the connections", "연결 목록으로 건너뛰기"),
    ("looking", "Connecting to the server", "서버에 연결하는 중"),
    ("languages", "Language", "언어"),
    ("heading", "Connections, as they happen", "일어나는 그대로의 연결"),
    (
        "no_script",
        "This page is drawn by a script, and JavaScript is off. The records, as JSON:",
        "이 페이지는 스크립트로 그려지는데 JavaScript가 꺼져 있습니다. 기록(JSON):",
    ),
    ("fetch_from", "Fetch from", "다음에서 가져오기:"),
    ("the_site", "the site", "사이트"),
    ("fetch", "Fetch", "가져오기"),
    ("joined", "Both halves of the request that this page made", "이 페이지가 보낸 요청의 양쪽"),
    ("connections_and_requests", "Connections and requests", "연결과 요청"),
    ("what_is_listed", "What is listed", "목록에 보일 것"),
    ("connections", "Connections", "연결"),
    ("requests", "Requests", "요청"),
    ("range", "How much time the axis shows", "축에 보일 시간"),
    ("fit", "Fit", "맞춤"),
    ("ten_seconds", "10 s", "10초"),
    ("minute", "1 min", "1분"),
    ("ten_minutes", "10 min", "10분"),
    ("all", "All", "전체"),
    ("chosen", "Chosen", "선택"),
    ("pause", "Pause", "멈춤"),
    ("open_log", "Open a log", "로그 열기"),
    ("save", "Save", "저장"),
    ("back_to_live", "Back to live", "실시간으로 돌아가기"),
    ("all_right", "OK", "확인"),
    ("lanes", "Connections, the newest first", "연결, 최신순"),
    (
        "empty",
        "Nothing has connected yet. Open the site, and its story appears here:",
        "아직 연결이 없습니다. 사이트를 열면 그 과정이 여기에 나타납니다.",
    ),
    ("open_site", "Open {0}", "{0} 열기"),
    ("empty_or", "Or ask for it in a terminal:", "또는 터미널에서 요청하세요."),
    (
        "empty_hint",
        "Or fetch a path above. A connection that asks nothing appears as well.",
        "위에서 경로를 가져와도 됩니다. 아무것도 요청하지 않는 연결도 나타납니다.",
    ),
    ("legend", "What the marks mean, and which keys there are", "기호의 뜻과 키"),
    ("key_queued", "waiting in the accept queue", "수락 대기열에서 기다림"),
    ("key_open", "open, nothing under way", "열림, 진행 중인 것 없음"),
    ("key_exchange", "an exchange under way", "교환 진행 중"),
    ("key_failed", "one with a status of 4xx or 5xx", "상태가 4xx나 5xx인 교환"),
    ("key_request", "a request", "요청"),
    ("key_closed", "closed", "닫힘"),
    ("key_reset", "reset", "리셋"),
    ("key_deadline", "a deadline passed", "제한 시간 지남"),
    ("key_fold", "time in which nothing happened, folded", "아무 일도 없어 접은 시간"),
    ("nothing_in_range", "No connection in this time.", "이 시간에는 연결이 없습니다."),
    ("show_fit", "Show what there is", "있는 것 보기"),
    (
        "keys",
        "Arrow keys choose a connection, Enter goes to its diagram and Escape comes back; Escape here follows the newest again.",
        "화살표 키로 연결을 고르고, Enter로 그림에 들어가고, Escape로 돌아옵니다. 여기서 Escape를 누르면 다시 최신 연결을 따라갑니다.",
    ),
    ("follow", "Follow the newest", "최신 연결 따라가기"),
    ("step_mode", "Step by step", "한 단계씩"),
    ("print", "Print", "인쇄"),
    ("hand_out", "Save as a hand-out", "유인물로 저장"),
    ("show_how", "How each is known", "어떻게 알았는지"),
    ("recorded_by", "Recorded by glasshttp, {0}.", "glasshttp의 기록, {0}."),
    ("back", "Back", "이전"),
    ("next", "Next", "다음"),
    ("leave", "Leave", "나가기"),
    ("step_of", "Step {0} of {1}", "{1}단계 중 {0}단계"),
    (
        "stage_keys",
        "The space bar reveals the next step, Backspace goes back, Escape leaves.",
        "스페이스 바로 다음 단계를 보이고, Backspace로 돌아가고, Escape로 나갑니다.",
    ),
    // The table of requests.
    ("filter", "Show only requests with this text", "이 글자가 있는 요청만 보이기"),
    ("filter_example", "Path, method, status", "경로, 메서드, 상태"),
    ("status_class", "Class of the status", "상태의 종류"),
    ("no_status", "none", "없음"),
    ("requests_shown", "Showing {0} of {1} {1|request|requests}.", "요청 {1}개 중 {0}개를 보입니다."),
    ("time", "Time", "시각"),
    ("of_connection", "No.", "연결"),
    ("method", "Method", "메서드"),
    ("path", "Path", "경로"),
    ("status", "Status", "상태"),
    ("bytes", "Bytes", "바이트"),
    ("ms", "ms", "밀리초"),
    ("reused", "Reused", "재사용"),
    ("is_reused", "reused", "재사용"),
    ("is_new", "new", "새 연결"),
    (
        "aloud",
        "Announce new connections to screen readers, every ten seconds at most",
        "새 연결을 화면 낭독기에 알리기(10초에 한 번까지)",
    ),
    ("known", "Every figure says how it is known.", "모든 값은 어떻게 알려졌는지 밝힙니다."),
    ("measured", "measured", "측정"),
    ("derived", "derived", "계산"),
    ("not_visible", "not visible", "보이지 않음"),
    ("known_measured", "means that the program or the kernel reported it,", "(프로그램이나 커널이 알려 준 것),"),
    ("known_derived", "that it was computed from what was measured,", "(측정한 값에서 계산한 것),"),
    ("known_not_visible", "that nothing reported it: then it is not drawn.", "(알려 준 것이 없음: 그리지 않습니다)."),
    // What the script says.
    ("live", "live", "실시간"),
    (
        "saved_page",
        "A saved copy of the page. Open the page of a running glasshttp to see connections or a log",
        "저장된 페이지입니다. 연결이나 로그를 보려면 실행 중인 glasshttp의 페이지를 여세요",
    ),
    ("server_ended", "The server has ended; what is here stays", "서버가 끝났습니다. 여기 있는 것은 남습니다"),
    (
        "gave_way",
        "Too many pages are open: this one gave way to another. Reload it to go on",
        "열린 페이지가 너무 많아 이 페이지가 다른 페이지에 자리를 내주었습니다. 계속하려면 새로 고치세요",
    ),
    (
        "no_events",
        "No connection to the server's events; trying again",
        "서버의 이벤트에 연결되지 않음. 다시 시도합니다",
    ),
    ("showing", "Showing {0} of {1} {1|connection|connections}.", "연결 {1}개 중 {0}개를 보입니다."),
    (
        "left_out",
        "{0} came too fast to be recorded; a sample is shown.",
        "{0}개는 너무 빨리 와서 기록되지 않았고, 표본을 보입니다.",
    ),
    ("keeps", "The page keeps the latest {0}.", "페이지는 최근 {0}개를 보관합니다."),
    ("paused", "Paused.", "멈춤."),
    ("paused_more", "Paused; {0} more since.", "멈춤. 그 뒤로 {0}개 더 왔습니다."),
    ("now", "now", "지금"),
    ("connection", "Connection {0}", "연결 {0}"),
    ("from_file", "Connection {0}, from a file", "연결 {0}, 파일에서"),
    (
        "no_such_link",
        "Connection {0} is not kept here: only the latest are.",
        "연결 {0}은(는) 남아 있지 않습니다. 최근의 것만 남깁니다.",
    ),
    ("asking", "Asking the server", "서버에 묻는 중"),
    ("line_ends", "Mark line ends and other controls in the heads", "헤더의 줄 끝과 제어 문자 표시"),
    ("withheld", "Secret values are not shown.", "비밀 값은 가렸습니다."),
    ("show", "Show them", "보기"),
    ("arrivals", "{0} new {0|connection|connections}. The newest: {1}.", "새 연결 {0}개. 가장 새로운 것: {1}."),
    (
        "diagram_hint",
        "In order of time, not to scale; times count from the accept. Lines say how each is known:",
        "시간 순서이며 간격은 비례하지 않습니다. 시각은 수락부터 셉니다. 선의 모양은 어떻게 알았는지를 뜻합니다:",
    ),
    ("later", "{0} later", "{0} 뒤"),
    ("link_to_step", "Link to step {0}", "링크: 단계 {0}"),
    ("absolute", "Numbers as they stand in the header", "헤더에 있는 그대로의 번호"),
    ("wireshark", "Save for Wireshark", "Wireshark용으로 저장"),
    (
        "wireshark_note",
        "Nothing in the file is masked: it has passwords and cookies too. Of each packet it has 2,048 bytes at most.",
        "파일에는 가려진 것이 없어 비밀번호와 쿠키도 들어 있습니다. 패킷마다 2,048바이트까지 남깁니다.",
    ),
    (
        "log_has_no_frames",
        "A log has the numbers of segments, not their bytes: they can't be opened or saved for Wireshark. \
         glasshttp --log pcapng writes them.",
        "로그에는 세그먼트의 번호만 있고 바이트는 없어, 열어 보거나 Wireshark용으로 저장할 수 없습니다. \
         바이트는 glasshttp --log pcapng가 씁니다.",
    ),
    (
        "no_frames",
        "The bytes of these segments are not kept: there was no room for more.",
        "이 세그먼트들의 바이트는 남아 있지 않습니다. 더 남길 자리가 없었습니다.",
    ),
    ("open_packet", "Open it", "열어 보기"),
    ("close_packet", "Close it", "닫기"),
    ("no_packet", "Its bytes are not kept.", "바이트가 남아 있지 않습니다."),
    ("data_withheld", "The data may hold secrets and is not shown.", "데이터에 비밀이 있을 수 있어 가렸습니다."),
    ("show_data", "Show the data", "데이터 보기"),
    ("client", "client :{0}", "클라이언트 :{0}"),
    ("server", "server :{0}", "서버 :{0}"),
    ("more_exchanges", "Show {0} more {0|exchange|exchanges}", "교환 {0}개 더 보기"),
    ("stages", "Stages, on the server's clock", "단계(서버의 시계)"),
    ("stage", "Stage", "단계"),
    ("begins", "Begins", "시작"),
    ("lasts", "Lasts", "걸린 시간"),
    ("how", "How it is known", "어떻게 알았나"),
    ("when", "When", "언제"),
    // A saved log.
    (
        "log_too_large",
        "{0} is larger than {1} MiB. Take its end: tail -n {2} FILE > part.jsonl",
        "{0}은(는) {1} MiB보다 큽니다. 끝부분만 여세요: tail -n {2} FILE > part.jsonl",
    ),
    (
        "log_unread",
        "{0} could not be read by the server ({1}). Is it still running?",
        "서버가 {0}을(를) 읽지 못했습니다({1}). 서버가 아직 실행 중인가요?",
    ),
    (
        "bad_lines",
        "{0} {0|line is|lines are} not records that can be shown; the first is {1}.",
        "기록으로 볼 수 없는 줄이 {0}개 있습니다. 첫째는 {1}.",
    ),
    ("bad_line", "line {0}: {1}", "{0}번째 줄: {1}"),
    ("line_too_long", "it is longer than 900 KiB", "900 KiB보다 깁니다"),
    ("no_records", "{0} holds no records.", "{0}에는 기록이 없습니다."),
    ("how_to_log", "A log is made with --log json.", "로그는 --log json으로 만듭니다."),
    ("first_left_out", "The first {0} are left out.", "처음 {0}개는 뺐습니다."),
    (
        "this_is_a_log",
        "This is the log {0}: {1} {1|record|records}, from a file.",
        "로그 {0}: 파일에서 읽은 기록 {1}개입니다.",
    ),
    // The address bar.
    ("no_site", "The server has not said yet where its site is.", "서버가 아직 사이트의 위치를 알리지 않았습니다."),
    ("no_path", "That is not a path. Try one like /hello.txt.", "경로가 아닙니다. /hello.txt처럼 입력하세요."),
    (
        "other_site",
        "Only the site that is watched can be fetched from here. Type a path, like /hello.txt.",
        "여기서는 보고 있는 사이트만 가져올 수 있습니다. /hello.txt처럼 경로를 입력하세요.",
    ),
    ("fetching", "Fetching {0}", "가져오는 중: {0}"),
    (
        "unreadable",
        "No response could be read. Either the site is not there, or it did not allow this page to read \
         (Access-Control-Allow-Origin).",
        "읽을 수 있는 응답이 없습니다. 사이트가 없거나, 이 페이지가 읽도록 허용하지 않았습니다\
         (Access-Control-Allow-Origin).",
    ),
    (
        "redirect_elsewhere",
        "Status {0}. It leads to {1}, which is not followed from here.",
        "상태 {0}. {1}(으)로 이어지며, 여기서는 따라가지 않습니다.",
    ),
    ("was_exchange", "Status {0}. It was exchange {1} on connection {2}.", "상태 {0}. 연결 {2}의 교환 {1}이었습니다."),
    (
        "no_record",
        "Status {0}. It was connection {1}, which has no record: under load, some are left out.",
        "상태 {0}. 연결 {1}이었으나 기록이 오지 않았습니다. 부하가 크면 일부를 생략합니다.",
    ),
    (
        "no_number",
        "Status {0}. The response had no connection number (Server-Timing), so the server's half is not visible here.",
        "상태 {0}. 응답에 연결 번호(Server-Timing)가 없어서 서버 쪽은 여기서 보이지 않습니다.",
    ),
    ("put_away", "Close", "닫기"),
    ("both_halves", "Both halves of GET {0} → {1}", "GET {0} → {1}의 양쪽"),
    ("begins_to_fetch", "begins to fetch", "가져오기 시작"),
    ("is_open_already", "uses a connection that is open already", "이미 열린 연결을 사용"),
    ("begins_to_connect", "begins to connect", "연결 시작"),
    ("is_connected", "is connected", "연결됨"),
    ("begins_to_send", "begins to send the request", "요청 보내기 시작"),
    ("has_the_first", "has the first byte", "첫 바이트를 받음"),
    ("has_the_last", "has the last byte", "마지막 바이트를 받음"),
    ("has_the_whole", "has the whole response", "응답 전체를 받음"),
    ("times_withheld", "the browser gives no other times here", "브라우저가 여기서는 다른 시각을 주지 않음"),
    ("since_the_fetch", "Since the fetch began", "가져오기 시작부터"),
    ("browser", "Browser", "브라우저"),
    ("the_server", "Server", "서버"),
    ("in_order", "What the browser and the server did, in order", "브라우저와 서버가 한 일, 순서대로"),
    (
        "grain",
        "The browser counts in steps of {0}, from a moment that it read off the system's clock when this page was opened.",
        "브라우저는 {0} 단위로 세며, 이 페이지를 열 때 읽은 시스템 시각부터 셉니다.",
    ),
    (
        "clocks_fit",
        "The server counts on the system's clock of its machine. The two fit: the server's times lie between the \
         browser's request and its response.",
        "서버는 자기 컴퓨터의 시스템 시계로 셉니다. 둘은 맞습니다. 서버의 시각이 브라우저의 요청과 응답 사이에 있습니다.",
    ),
    (
        "clocks_moved",
        "The server's clock does not fit, so its half is moved by {0}, to the middle between the browser's request and \
         its response: times within a column are exact, those across are estimates.",
        "서버의 시계가 맞지 않아 서버 쪽을 {0}만큼, 브라우저의 요청과 응답의 가운데로 옮겼습니다. \
         같은 열의 시각은 정확하고, 열 사이는 어림값입니다.",
    ),
];

/// Puts the words into the page, where `{{name}}` stands for one, and all of them where its script looks for them.
pub(super) fn fill(page: &str, language: Language) -> String {
    let said = |(name, english, korean): &(&'static str, &'static str, &'static str)| match language {
        Language::English => (*name, *english),
        Language::Korean => (*name, *korean),
    };
    let words: serde_json::Map<String, serde_json::Value> =
        WORDS.iter().map(said).map(|(name, text)| (name.to_owned(), text.into())).collect();
    // In a script no text may look like its end.
    let json = serde_json::Value::from(words).to_string().replace('<', "\\u003c");
    let page = page.replacen("/* words */ {}", &json, 1);
    WORDS.iter().map(said).fold(page, |page, (name, text)| page.replace(&format!("{{{{{name}}}}}"), text))
}

#[cfg(test)]
mod tests {
    use super::super::{HTML, SCRIPT};
    use super::*;

    #[test]
    fn each_word_is_used_and_each_place_has_its_word() {
        let script = SCRIPT.concat();
        for (name, english, korean) in WORDS {
            let is_used = HTML.contains(&format!("{{{{{name}}}}}")) || script.contains(&format!("\"{name}\""));
            assert!(is_used, "{name} is nowhere");
            assert!(*name == "lang" || korean.chars().any(|letter| ('가'..='힣').contains(&letter)), "{korean}");
            for place in ["{0", "{1", "{2"] {
                let has = |text: &str| text.contains(place);
                assert_eq!(has(english), has(korean), "{name}: {place}");
            }
        }
        for language in [Language::English, Language::Korean] {
            let page = fill(HTML, language);
            assert!(!page.contains("{{"), "{page}");
        }
        for (at, _) in script.match_indices("say(\"") {
            let name = script[at + 5..].split('"').next().unwrap_or_default();
            assert!(WORDS.iter().any(|(known, ..)| *known == name), "{name} has no words");
        }
    }

    #[test]
    fn the_scripts_hold_no_sentence() {
        const WORDS_OF_PROTOCOLS: &[&str] = &[
            "SYN",
            "ACK",
            "FIN",
            "RST",
            "TCP",
            "HTTP",
            "handshake",
            "response",
            "request",
            "header",
            "retransmission",
            "segment",
            "kernel",
            "socket",
            "listener",
            "TIME_WAIT",
            "octet",
            "congestion",
            "backlog",
        ];
        for literal in SCRIPT.iter().flat_map(|script| literals(script)) {
            // A name of an element, a field or an event is not said to anybody.
            let is_name = !literal.contains(' ') && !literal.contains(char::is_uppercase);
            for word in literal.split(|letter: char| !letter.is_alphanumeric() && letter != '_') {
                assert!(is_name || !WORDS_OF_PROTOCOLS.contains(&word), "{literal:?} speaks of {word}");
            }
            let is_word = |word: &str| word.len() > 1 && word.chars().all(char::is_alphabetic);
            let row = literal.split(' ').map(is_word).fold((0, 0), |(row, longest): (i32, i32), is_word| {
                let row = if is_word { row + 1 } else { 0 };
                (row, longest.max(row))
            });
            assert!(row.1 < 3, "{literal:?} is a sentence");
        }
    }

    /// The string literals of a script; what stands in `${}` is not one.
    fn literals(script: &str) -> Vec<String> {
        let mut found = Vec::new();
        for line in script.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
            let mut letters = line.chars().peekable();
            let mut inside: Option<(char, String)> = None;
            while let Some(letter) = letters.next() {
                match &mut inside {
                    Some((quote, text)) if letter == *quote => {
                        found.push(std::mem::take(text));
                        inside = None;
                    }
                    Some((_, text)) if letter == '\\' => text.extend(letters.next()),
                    Some(('`', text)) if letter == '$' && letters.peek() == Some(&'{') => {
                        // What it holds may be a literal, and is looked at as one.
                        let (mut depth, mut code) = (0, String::new());
                        for letter in letters.by_ref() {
                            depth += i32::from(letter == '{') - i32::from(letter == '}');
                            code.push(letter);
                            if depth == 0 {
                                break;
                            }
                        }
                        found.extend(literals(&code));
                        text.push('$');
                    }
                    Some((_, text)) => text.push(letter),
                    None if letter == '/' && letters.peek() == Some(&'/') => break,
                    None if matches!(letter, '"' | '\'' | '`') => inside = Some((letter, String::new())),
                    None => {}
                }
            }
            assert!(inside.is_none(), "a literal goes on beyond its line: {line}");
        }
        found
    }
}
