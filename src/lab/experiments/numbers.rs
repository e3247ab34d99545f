//! Lesson: an acknowledgment number is the next byte that is awaited: it grows
//! by the bytes that came, and by nothing else. (Often taught: SEQ + size + 1.)
//! It covers all before it, so a lost ACK needs no repetition.

use super::play::connected;
use super::prelude::*;

pub(super) const NUMBERS: Experiment = Experiment {
    name: "numbers",
    title: text("Count the bytes", "ACK 번호 세기"),
    question: text(
        "The first 100 bytes of a connection have the numbers 1 to 100. Which acknowledgment number comes back?",
        "연결의 첫 100바이트에는 1번부터 100번까지 번호가 붙습니다. 돌아오는 확인 응답 번호는?",
    ),
    choices: &[
        text("100, the last one that came", "100. 마지막으로 받은 번호"),
        text("101, the next one awaited", "101. 다음에 기다리는 번호"),
        text("102: sequence number + size + 1", "102. 순서 번호 + 크기 + 1"),
    ],
    acts: &[
        Act { title: text("100 bytes, twice", "100바이트를 두 번"), wire: "10ms 4m", play: twice },
        Act {
            title: text("The first ACK of data is lost", "데이터의 첫 ACK를 잃었을 때"),
            wire: "10ms 4m <ack:1 drop",
            play: twice,
        },
    ],
    facts,
    conclude,
    next: &[("lab lost-segment", text("what if the bytes are lost, not their ACK?", "ACK가 아니라 데이터를 잃으면?"))],
};

fn twice(stage: &Stage) -> io::Result<()> {
    let (client, server) = connected(stage)?;
    client.no_delay()?;
    let reader = stage.server(move |_| {
        let count = server.recv_all()?.len();
        server.close();
        Ok(count)
    })?;
    let writer = stage.client(move |_| {
        client.send(&[b'a'; 100])?;
        client.send(&[b'b'; 100])?;
        client.shut_down()?;
        client.recv_all()?;
        client.close();
        Ok(())
    })?;
    writer.join()?;
    reader.join().map(drop)
}

fn facts(runs: &[Run]) -> Facts {
    let acknowledged = |run: &Run| -> Vec<u64> {
        run.of(ToClient)
            .filter(|one| !one.has("SYN"))
            .filter_map(Segment::acknowledges)
            .map(i64::unsigned_abs)
            .collect()
    };
    let mut facts = Facts::default();
    if let Some(run) = runs.first() {
        let data = run.of(ToServer).filter(|one| one.is_data()).filter_map(|one| one.tcp.as_ref());
        facts = facts
            .counts("data_begins_at", data.map(|tcp| tcp.relative_sequence.unsigned_abs()).collect())
            .counts("acknowledged", acknowledged(run))
            .word("shape", run.shape());
    }
    if let Some(run) = runs.get(1) {
        facts = facts
            .holds("an_ack_was_lost", run.first(|one| one.is_lost()).is_some_and(|one| one.is_pure_ack()))
            .holds("data_was_sent_again", run.number_of(|one| one.is_data() && one.is_again()) > 0)
            .word("shape_with_a_lost_ack", run.shape());
    }
    facts
}

fn conclude(facts: &Facts) -> Option<Conclusion> {
    let acknowledged = facts.get_counts("acknowledged")?;
    let begins = facts.get_counts("data_begins_at")?;
    let last = *acknowledged.iter().max()?;
    if begins != [1, 101] || !acknowledged.contains(&201) || last != 202 {
        return None;
    }
    let mut why = vec![both!(
        "Bytes 1–100 and 101–200 went out; 201 came back. An acknowledgment number names the next byte awaited, and grows by the size alone.",
        "1–100번과 101–200번 바이트가 나갔고, 201이 돌아왔습니다. ACK 번호는 “다음에 기다리는 바이트”이며, 받은 크기만큼만 늘어납니다."
    )];
    if acknowledged.contains(&101) {
        why.insert(0, both!("The first 100 bytes were acknowledged by 101.", "첫 100바이트의 ACK는 101이었습니다."));
    }
    why.push(both!(
        "The FIN took one more number, as the SYN had: {last}. Only those two count without being data.",
        "FIN은 SYN처럼 번호 하나를 더 썼습니다({last}). 데이터가 아니면서 번호를 쓰는 것은 이 둘뿐입니다."
    ));
    if facts.is("an_ack_was_lost") && !facts.is("data_was_sent_again") {
        why.push(both!(
            "A lost ACK cost nothing: the next one covers all bytes before it.",
            "ACK 하나를 잃어도 다시 보낼 것은 없었습니다. 다음 ACK가 그 앞의 바이트를 모두 확인해 줍니다."
        ));
    }
    Some(Conclusion { choice: 1, why })
}
