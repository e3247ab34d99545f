//! Lesson: a receiver says how much room is left, and a sender sends no more.
//! A reader who doesn't read closes the window; the sender's kernel then asks
//! from time to time whether it has opened. send() itself returns long before:
//! it only fills the sender's own buffer.

use super::play::{ADDRESS, listen};
use super::prelude::*;
use crate::lab::end::{Talk, tcp};

const BYTES: usize = 20_000;

pub(super) const WINDOW: Experiment = Experiment {
    name: "window",
    title: text("The full reader", "슬라이딩 윈도"),
    question: text(
        "A server sends 20,000 bytes to a client that has a small receive buffer and does not read. How many bytes leave?",
        "수신 버퍼가 작고 읽지도 않는 클라이언트에게 서버가 20,000바이트를 보냅니다. 얼마나 나갈까요?",
    ),
    choices: &[
        text("all of them", "전부"),
        text("as many as the client announced room for", "클라이언트가 알린 자리만큼"),
        text("none before it reads", "읽기 전에는 하나도"),
    ],
    acts: &[Act {
        title: text("The client reads after two seconds", "클라이언트가 2초 뒤에 읽을 때"),
        wire: "10ms 4m",
        play,
    }],
    facts,
    conclude,
    next: &[(
        "lab slow-start",
        text("the other limit: what the network can take", "또 하나의 한계, 네트워크가 견디는 양"),
    )],
};

fn play(stage: &Stage) -> io::Result<()> {
    let (client, server) = connected_with_a_small_buffer(stage)?;
    let writer = stage.server(move |_| {
        server.send(&vec![b'x'; BYTES])?;
        server.shut_down()?;
        server.recv_all()?;
        server.close();
        Ok(())
    })?;
    let reader = stage.client(move |end| {
        std::thread::sleep(Duration::from_secs(2));
        end.note(both!("begins to read", "읽기 시작"));
        let count = client.recv_all()?.len();
        end.found("bytes_read", Fact::Count(count as u64));
        client.close();
        Ok(())
    })?;
    reader.join()?;
    writer.join()
}

/// The buffer is small before the SYN: a window that was announced is not taken back.
fn connected_with_a_small_buffer(stage: &Stage) -> io::Result<(Talk, Talk)> {
    let listening = listen(stage, 5)?;
    let server = stage.server(move |_| listening.accept())?;
    let client = stage.client(|end| {
        let socket = tcp()?;
        socket.set_recv_buffer_size(4096)?;
        end.connect_as(&socket, ADDRESS)
    })?;
    Ok((client.join()?, server.join()?))
}

fn facts(runs: &[Run]) -> Facts {
    let Some(run) = runs.first() else { return Facts::default() };
    let reads = run.call(Side::Client, "begins to read").unwrap_or(f64::MAX);
    let before: Vec<&Segment> =
        run.of(ToClient).filter(|one| one.sent_ms < reads && one.is_data() && !one.is_again()).collect();
    let probes: Vec<f64> = run
        .of(ToClient)
        .filter(|one| one.fact(|fact| matches!(fact, tracker::Fact::WindowProbe)))
        .map(|one| one.sent_ms)
        .collect();
    let closed = run.first(|one| one.fact(|fact| matches!(fact, tracker::Fact::WindowClosed)));
    let gaps = probes.windows(2).filter_map(|pair| Some((pair.get(1)? - pair.first()?).round() as u64)).collect();
    Facts::default()
        .ms("send_returned_ms", run.call(Side::Server, "send() 20000"))
        .ms("client_begins_to_read_ms", (reads < f64::MAX).then_some(reads))
        .count("bytes_that_left_before", before.iter().map(|one| one.length as usize).sum())
        .holds("window_closed", closed.is_some())
        .count("probes", probes.len())
        .counts("gaps_between_probes_ms", gaps)
        .count(
            "bytes_beyond_the_window",
            run.number_of(|one| one.fact(|fact| matches!(fact, tracker::Fact::BeyondWindow { .. }))),
        )
        .set("bytes_read", run.found("bytes_read"))
        .word("shape", run.shape())
}

fn conclude(facts: &Facts) -> Option<Conclusion> {
    let left = facts.get_count("bytes_that_left_before")?;
    let returned = facts.get_ms("send_returned_ms")?;
    let reads = facts.get_ms("client_begins_to_read_ms").filter(|reads| *reads > returned)?;
    let probes = facts.get_count("probes")?;
    let within = facts.get_count("bytes_beyond_the_window")? == 0 && facts.is("window_closed");
    if !within || left == 0 || left >= BYTES as u64 || facts.get_count("bytes_read")? != BYTES as u64 {
        return None;
    }
    let mut why = vec![
        both!(
            "{left} of 20,000 bytes left, then the client's kernel announced a window of 0: no byte went beyond what it had room for.",
            "20,000바이트 가운데 {left}바이트가 나간 뒤 클라이언트의 커널이 윈도 0을 알렸습니다. 받을 자리를 넘어선 바이트는 하나도 없습니다."
        ),
        both!(
            "send() had returned at {returned:.1} ms, though the client read nothing before {reads:.0} ms: it only fills the sender's buffer.",
            "클라이언트는 {reads:.0} ms에야 읽기 시작했지만 send()는 {returned:.1} ms에 이미 돌아왔습니다. send()는 보내는 쪽 버퍼를 채울 뿐입니다."
        ),
    ];
    if let Some(gaps @ [_, _, ..]) = facts.get_counts("gaps_between_probes_ms")
        && gaps.is_sorted_by(|before, after| before < after)
    {
        let [en, ko] =
            [" ms, then ", " ms, "].map(|between| gaps.iter().map(u64::to_string).collect::<Vec<_>>().join(between));
        why.push(both!(
            "Meanwhile the sender's kernel asked {probes} times whether there was room, less and less often: {en} ms apart.",
            "그동안 보내는 쪽 커널은 자리가 났는지 {probes}번 물었고, 간격은 {ko} ms로 점점 길어졌습니다."
        ));
    }
    Some(Conclusion { choice: 1, why })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_come_less_often_only_where_each_gap_is_longer() {
        let said = |gaps: &[u64]| {
            let facts = Facts::default()
                .count("bytes_that_left_before", 4368)
                .ms("send_returned_ms", Some(34.0))
                .ms("client_begins_to_read_ms", Some(2034.0))
                .holds("window_closed", true)
                .count("probes", gaps.len() + 1)
                .counts("gaps_between_probes_ms", gaps.to_vec())
                .count("bytes_beyond_the_window", 0)
                .count("bytes_read", BYTES);
            conclude(&facts)?.why.into_iter().nth(2).map(|one| one.en)
        };
        assert!(said(&[240, 508, 960]).is_some_and(|said| said.ends_with("240 ms, then 508 ms, then 960 ms apart.")));
        assert_eq!([said(&[508, 508]), said(&[240, 508, 480])], [None, None]);
    }
}
