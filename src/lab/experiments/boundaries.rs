//! Lesson: TCP carries a stream of bytes, not messages. Where one send() ended
//! is not on the wire; how the bytes come out depends on when one reads, and
//! how much.

use super::play::connected;
use super::prelude::*;

pub(super) const BOUNDARIES: Experiment = Experiment {
    name: "boundaries",
    title: text("No borders", "경계는 없다"),
    question: text(
        "A client sends \"one\", \"two\" and \"three\" in three send() calls. How many recv() calls does the server need?",
        "클라이언트가 send()를 세 번 불러 \"one\", \"two\", \"three\"를 보냅니다. 서버는 recv() 몇 번에 받을까요?",
    ),
    choices: &[
        text("three: one for each send()", "세 번. send()마다 한 번"),
        text("one", "한 번"),
        text("that cannot be known", "알 수 없다"),
    ],
    acts: &[
        Act {
            title: text("The server reads at once", "서버가 바로 읽을 때"),
            wire: "10ms 4m",
            play: |stage| play(stage, Duration::ZERO, 1000),
        },
        Act {
            title: text("The server reads 250 ms later", "서버가 250 ms 뒤에 읽을 때"),
            wire: "10ms 4m",
            play: |stage| play(stage, Duration::from_millis(250), 1000),
        },
        Act {
            title: text("The server reads 4 bytes at a time", "서버가 4바이트씩 읽을 때"),
            wire: "10ms 4m",
            play: |stage| play(stage, Duration::from_millis(250), 4),
        },
    ],
    facts,
    conclude,
    next: &[("lab udp", text("where there are borders, and no promises", "경계가 있고, 약속이 없는 곳"))],
};

fn play(stage: &Stage, reads_after: Duration, most: usize) -> io::Result<()> {
    let (client, server) = connected(stage)?;
    client.no_delay()?;
    let writer = stage.client(move |_| {
        for word in ["one", "two", "three"] {
            client.send(word.as_bytes())?;
            std::thread::sleep(Duration::from_millis(40));
        }
        client.shut_down()?;
        client.recv_all()?;
        client.close();
        Ok(())
    })?;
    let reader = stage.server(move |_| {
        std::thread::sleep(reads_after);
        while !server.recv(most)?.is_empty() {}
        server.close();
        Ok(())
    })?;
    writer.join()?;
    reader.join()
}

fn facts(runs: &[Run]) -> Facts {
    let reads = |run: &Run| -> Vec<u64> {
        let calls = run.calls_of(Side::Server, "recv() ");
        calls.filter_map(|call| call.call.strip_prefix("recv() ")?.parse().ok()).filter(|count| *count > 0).collect()
    };
    let names = ["read_at_once", "read_late", "read_in_small_pieces"];
    let mut facts = Facts::default();
    for (name, run) in names.into_iter().zip(runs) {
        facts = facts.counts(name, reads(run));
    }
    facts.count("sends", runs.first().map_or(0, |run| run.calls_of(Side::Client, "send() ").count()))
}

fn conclude(facts: &Facts) -> Option<Conclusion> {
    let [at_once, late, small] =
        ["read_at_once", "read_late", "read_in_small_pieces"].map(|name| facts.get_counts(name));
    let (at_once, late, small) = (at_once?, late?, small?);
    let is_all = [at_once, late, small].iter().all(|reads| reads.iter().sum::<u64>() == 11);
    if !is_all || facts.get_count("sends")? != 3 || (at_once.len() == late.len() && late.len() == small.len()) {
        return None;
    }
    let (first, second, third) = (at_once.len(), late.len(), small.len());
    Some(Conclusion {
        choice: 2,
        why: vec![
            both!(
                "The same three send() calls were read by {first}, by {second} and by {third} recv() calls. When and how much the server reads decides that: there are no borders on the wire.",
                "같은 send() 세 번을 recv() {first}번, {second}번, {third}번에 받았습니다. 읽는 때와 읽는 크기가 정합니다. 전선 위에는 경계가 없습니다."
            ),
            both!(
                "So the program's protocol must say where a message ends: by its length, or by a mark such as HTTP's empty line.",
                "그래서 메시지의 끝은 프로그램의 프로토콜이 정해야 합니다. 길이를 먼저 알리거나, HTTP의 빈 줄 같은 표시를 씁니다."
            ),
        ],
    })
}
