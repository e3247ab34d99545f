//! Lesson: nobody passes a question on. The client itself asks the root, which
//! names who knows .kr, then that one, then lab.kr's; then come handshake,
//! request, response and close. A file of 44 bytes costs sixteen packets.

use super::prelude::*;
use crate::lab::names::{self, KR, LAB_KR, ROOT, WEB};
use crate::lab::programs::our_client_succeeds;
use crate::lab::real_server::RealServer;
use crate::lab::run::Protocol;
use crate::models::Model;
use std::net::IpAddr;

pub(super) const CYCLE: Experiment = Experiment {
    name: "cycle",
    title: text("From the name to the close", "이름에서 종료까지"),
    question: text(
        "Nothing is cached yet. How many packets does it take to fetch a file of 44 bytes from www.lab.kr?",
        "아직 캐시된 것이 없습니다. www.lab.kr에서 44바이트짜리 파일을 가져오는 데 패킷이 몇 개나 들까요?",
    ),
    choices: &[
        text("2: a request and a response", "2개. 요청과 응답"),
        text("7: with the handshake and the close", "7개. 핸드셰이크와 종료까지"),
        text("about 16: with the name", "16개쯤. 이름까지"),
        text("about 100", "100개쯤"),
    ],
    acts: &[Act { title: text("fetch http://www.lab.kr/", "fetch http://www.lab.kr/"), wire: "10ms 4m", play }],
    facts,
    conclude,
    next: &[("lab handshake", text("the three segments in the middle", "가운데의 세 세그먼트"))],
};

fn play(stage: &Stage) -> io::Result<()> {
    names::serve(&stage.network).map_err(|refusal| refusal.error)?;
    let server = RealServer::start(stage, Model::Iterative, WEB)?;
    let root = ROOT.to_string();
    let words = ["fetch", "--trace-dns", "--root", &root, "http://www.lab.kr/hello.html"];
    let fetched = our_client_succeeds(stage, &words);
    server.stop()?;
    stage.calls.found("fetched", Fact::Holds(fetched?));
    Ok(())
}

fn facts(runs: &[Run]) -> Facts {
    let Some(run) = runs.first() else { return Facts::default() };
    let asked = |one: &&Segment| one.protocol == Protocol::Udp && one.direction == ToServer;
    let whom = |one: &Segment| match one.destination.map(|to| to.ip()) {
        Some(IpAddr::V4(ROOT)) => "root",
        Some(IpAddr::V4(KR)) => ".kr",
        Some(IpAddr::V4(LAB_KR)) => "lab.kr",
        _ => "?",
    };
    let order: Vec<&str> = run.segments.iter().filter(asked).map(whom).collect();
    let from_the_client = run.of(ToServer).filter(|one| one.protocol == Protocol::Udp).count();
    let from_servers = run.of(ToClient).filter(|one| one.protocol == Protocol::Udp).count();
    Facts::default()
        .set("fetched", run.found("fetched"))
        .count("packets", run.segments.len())
        .count("questions", from_the_client)
        .count("responses", from_servers)
        .word("asked_in_order", order.join(", "))
        .count("segments", run.number_of(|one| one.tcp.is_some()))
        .holds("fin_rides_on_the_response", run.of(ToClient).any(|one| one.is_data() && one.has("FIN")))
        .word("shape", run.shape())
}

fn conclude(facts: &Facts) -> Option<Conclusion> {
    let packets = facts.get_count("packets").filter(|packets| (12..=24).contains(packets))?;
    let (questions, responses, segments) =
        (facts.get_count("questions")?, facts.get_count("responses")?, facts.get_count("segments")?);
    let order = facts.get_word("asked_in_order").filter(|order| order.contains("root") && order.contains("lab.kr"))?;
    if !facts.is("fetched") || questions != responses {
        return None;
    }
    let mut why = vec![
        both!(
            "{packets} packets: {questions} questions and {responses} responses for the name, {segments} segments for the file.",
            "패킷 {packets}개였습니다. 이름에 질의 {questions}개와 응답 {responses}개, 파일에 세그먼트 {segments}개가 들었습니다."
        ),
        both!(
            "The client asked, in this order: {order}. No server passed the question on; each only refers to the next one.",
            "클라이언트는 {order} 순서로 물었습니다. 질문은 위로 올라가지 않습니다. 묻는 쪽이 루트부터 직접 내려가며 묻습니다."
        ),
    ];
    if facts.is("fin_rides_on_the_response") {
        why.push(both!(
            "The server's FIN was in a segment of its response, and needed no extra one.",
            "서버의 FIN은 응답과 한 세그먼트에 실렸습니다. 끝을 알리는 데 세그먼트가 따로 들지 않았습니다."
        ));
    }
    Some(Conclusion { choice: 2, why })
}
