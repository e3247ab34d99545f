//! Lesson: a RST ends a connection at once. What has arrived is still there to be
//! read, on this kernel; what the sender's kernel still held is gone. Three ways to
//! get one: to close with bytes unread, to write to who has closed, and to abort on
//! purpose.

use super::play::{ADDRESS, listen, response};
use super::prelude::*;
use crate::lab::end::{End, Talk, tcp};
use crate::lab::experiment::Actor;
use rustix::event::{PollFd, PollFlags, poll};

pub(super) const RESET: Experiment = Experiment {
    name: "reset",
    title: text("Three ways to break", "RST가 나가는 세 가지 경우"),
    question: text(
        "A server sends its response, then closes while bytes of the request are still unread. What does the client get?",
        "서버가 응답을 보낸 뒤, 요청의 일부를 읽지 않은 채 close()합니다. 클라이언트는 무엇을 받을까요?",
    ),
    choices: &[
        text("the response, then an ordinary end", "응답, 그리고 보통의 끝"),
        text("what arrives before the RST, then ECONNRESET", "RST보다 먼저 도착한 것, 그다음 ECONNRESET"),
        text("only what it reads before the RST, then ECONNRESET", "RST가 오기 전에 읽은 것만, 그다음 ECONNRESET"),
    ],
    acts: &[
        Act {
            title: text("close() with bytes unread", "읽지 않은 바이트를 두고 close()"),
            wire: "10ms 4m",
            play: unread,
        },
        Act {
            title: text("The same, and the client reads after the RST", "같은 경우, 클라이언트는 RST가 온 뒤에 읽음"),
            wire: "10ms 4m",
            play: unread_and_read_late,
        },
        Act {
            title: text("The same, with a response larger than the window", "같은 경우, 응답이 윈도보다 큼"),
            wire: "10ms 4m",
            play: unread_and_larger_than_the_window,
        },
        Act {
            title: text("send() to an end that has closed", "이미 닫은 쪽으로 send()"),
            wire: "10ms 4m",
            play: closed,
        },
        Act { title: text("An abort: SO_LINGER 0", "일부러 끊기: SO_LINGER 0"), wire: "10ms 4m", play: abort },
    ],
    facts,
    conclude,
    next: &[("lab half-close", text("how to end politely", "정중하게 끝내는 방법"))],
};

const REFUSAL: &[u8] = b"HTTP/1.0 501 Not Implemented\r\n\r\n";
/// More than the small receive buffer's window, less than a send buffer takes at once.
const LARGE: usize = 20_000;

fn unread(stage: &Stage) -> io::Result<()> {
    let server = close_unread(stage, REFUSAL.to_vec())?;
    let client = stage.client(|end| {
        let talk = post(end.connect(ADDRESS)?)?;
        read_to_an_end(talk);
        Ok(())
    })?;
    client.join()?;
    server.join()
}

fn unread_and_read_late(stage: &Stage) -> io::Result<()> {
    let server = close_unread(stage, REFUSAL.to_vec())?;
    let client = stage.client(|end| {
        let talk = post(end.connect(ADDRESS)?)?;
        read_after_the_reset(&end, talk)
    })?;
    client.join()?;
    server.join()
}

fn unread_and_larger_than_the_window(stage: &Stage) -> io::Result<()> {
    let server = close_unread(stage, response(LARGE))?;
    let client = stage.client(|end| {
        let socket = tcp()?;
        socket.set_recv_buffer_size(4096)?;
        let talk = post(end.connect_as(&socket, ADDRESS)?)?;
        drop(socket);
        read_after_the_reset(&end, talk)
    })?;
    client.join()?;
    server.join()
}

/// A server that reads the request's head, sends `bytes` and closes.
fn close_unread(stage: &Stage, bytes: Vec<u8>) -> io::Result<Actor<()>> {
    let listening = listen(stage, 5)?;
    stage.server(move |end| {
        let talk = listening.accept()?;
        talk.recv(18)?;
        std::thread::sleep(Duration::from_millis(40)); // the rest is here, too
        talk.send(&bytes)?;
        end.note(both!("close(), bytes unread", "close(), 읽지 않은 바이트가 있음"));
        drop(talk);
        Ok(())
    })
}

fn post(talk: Talk) -> io::Result<Talk> {
    talk.send(b"POST / HTTP/1.0\r\n\r\n")?;
    talk.send(&[b'z'; 2000])?;
    Ok(talk)
}

fn read_to_an_end(talk: Talk) {
    while talk.recv(LARGE).is_ok_and(|bytes| !bytes.is_empty()) {}
    talk.close();
}

/// That the RST has come, poll(2) says without taking anything out of the socket.
fn read_after_the_reset(end: &End, talk: Talk) -> io::Result<()> {
    let patience = end.patience.try_into().map_err(io::Error::other)?;
    if poll(&mut [PollFd::new(&talk, PollFlags::empty())], Some(&patience))? == 0 {
        return Err(io::ErrorKind::TimedOut.into());
    }
    end.note(both!("poll(): the RST is here", "poll(): RST가 와 있음"));
    read_to_an_end(talk);
    Ok(())
}

fn closed(stage: &Stage) -> io::Result<()> {
    let listening = listen(stage, 5)?;
    let server = stage.server(move |_| {
        let talk = listening.accept()?;
        talk.recv(100)?;
        talk.close();
        Ok(())
    })?;
    let client = stage.client(|end| {
        let talk = end.connect(ADDRESS)?;
        talk.send(b"ask")?;
        for _ in 0..3 {
            std::thread::sleep(Duration::from_millis(60));
            if talk.send(b"more").is_err() {
                break;
            }
        }
        talk.close();
        Ok(())
    })?;
    client.join()?;
    server.join()
}

fn abort(stage: &Stage) -> io::Result<()> {
    let listening = listen(stage, 5)?;
    let server = stage.server(move |_| {
        let talk = listening.accept()?;
        talk.recv(100)?;
        // The second one ends with an error.
        let _ = talk.recv(100);
        talk.close();
        Ok(())
    })?;
    let client = stage.client(|end| {
        let talk = end.connect(ADDRESS)?;
        talk.send(b"ask")?;
        std::thread::sleep(Duration::from_millis(60));
        talk.socket.set_linger(Some(Duration::ZERO))?;
        talk.close();
        Ok(())
    })?;
    client.join()?;
    server.join()
}

/// Of the response: what send() took, what left, what arrived, what the client read.
struct Bytes {
    handed_over: u64,
    left: u64,
    arrived: u64,
    read: u64,
}

impl Bytes {
    fn of(run: &Run) -> Self {
        let carried = |which: fn(&Segment) -> bool| {
            run.of(ToClient).filter(|one| !one.is_again() && which(one)).map(|one| u64::from(one.length)).sum()
        };
        let counted = |side, call| {
            let counts = run.calls_of(side, call).filter_map(|one| one.call.strip_prefix(call)?.parse::<u64>().ok());
            counts.sum()
        };
        Self {
            handed_over: counted(Side::Server, "send() "),
            left: carried(|_| true),
            arrived: carried(|one| one.arrived_ms.is_some()),
            read: counted(Side::Client, "recv() "),
        }
    }
}

/// Whether the client's first read came back after the RST had arrived.
fn read_after_a_reset(run: &Run) -> bool {
    let reset = run.of(ToClient).find(|one| one.has("RST")).and_then(|one| one.arrived_ms);
    reset.zip(run.call(Side::Client, "recv() ")).is_some_and(|(reset, read)| reset < read)
}

fn facts(runs: &[Run]) -> Facts {
    let calls = |run: &Run, side, call: &str| {
        let results = run.calls_of(side, call).map(|one| one.call.trim_start_matches(call).to_owned());
        results.collect::<Vec<_>>().join(", ")
    };
    let resets = |run: &Run, direction| run.of(direction).filter(|one| one.has("RST")).count();
    let mut facts = Facts::default();
    if let Some(run) = runs.first() {
        facts = facts
            .word("reads_of_an_unread_close", calls(run, Side::Client, "recv() "))
            .count("resets_of_an_unread_close", resets(run, ToClient))
            .count("fins_of_an_unread_close", run.of(ToClient).filter(|one| one.has("FIN")).count())
            .word("shape", run.shape());
    }
    if let Some(run) = runs.get(1) {
        let bytes = Bytes::of(run);
        facts = facts
            .word("late_reads", calls(run, Side::Client, "recv() "))
            .holds("late_reads_after_the_reset", read_after_a_reset(run))
            .count("late_arrived", bytes.arrived as usize)
            .count("late_read", bytes.read as usize);
    }
    if let Some(run) = runs.get(2) {
        let bytes = Bytes::of(run);
        facts = facts
            .word("large_reads", calls(run, Side::Client, "recv() "))
            .holds("large_reads_after_the_reset", read_after_a_reset(run))
            .count("large_handed_over", bytes.handed_over as usize)
            .count("large_left", bytes.left as usize)
            .count("large_arrived", bytes.arrived as usize)
            .count("large_read", bytes.read as usize);
    }
    if let Some(run) = runs.get(3) {
        facts = facts
            .word("sends_to_a_closed_end", calls(run, Side::Client, "send() "))
            .count("resets_of_a_closed_end", resets(run, ToClient));
    }
    if let Some(run) = runs.get(4) {
        facts = facts
            .word("reads_after_an_abort", calls(run, Side::Server, "recv() "))
            .count("resets_of_an_abort", resets(run, ToServer))
            .count("fins_of_an_abort", run.number_of(|one| one.has("FIN")));
    }
    facts
}

fn conclude(facts: &Facts) -> Option<Conclusion> {
    let reads = facts.get_word("reads_of_an_unread_close")?;
    let (resets, fins) = (facts.get_count("resets_of_an_unread_close")?, facts.get_count("fins_of_an_unread_close")?);
    if !reads.contains("ECONNRESET") || resets == 0 || fins > 0 {
        return None;
    }
    let (choice, late) = read_late(facts)?;
    let mut why = vec![
        both!(
            "The client's reads: {reads}. With bytes unread, close() sends a RST in place of a FIN.",
            "클라이언트의 recv() 결과: {reads}. 읽지 않은 바이트가 있으면 close()는 FIN 대신 RST를 보냅니다."
        ),
        late,
    ];
    why.extend(larger_than_the_window(facts));
    why.extend(other_ways(facts));
    Some(Conclusion { choice, why })
}

/// Which choice the reads after the RST speak for, and what they were.
fn read_late(facts: &Facts) -> Option<(usize, Sentence)> {
    let reads = facts.get_word("late_reads").filter(|reads| reads.contains("ECONNRESET"))?;
    let arrived = facts.get_count("late_arrived").filter(|arrived| *arrived > 0)?;
    if !facts.is("late_reads_after_the_reset") {
        return None;
    }
    match facts.get_count("late_read")? {
        0 => Some((
            2,
            both!(
                "A client that read only after the RST: {reads}. The {arrived} bytes that had arrived before it were gone.",
                "RST가 온 뒤에야 읽은 클라이언트의 recv() 결과: {reads}. 먼저 도착한 {arrived}바이트는 사라졌습니다."
            ),
        )),
        read if read == arrived => Some((
            1,
            both!(
                "A client that read only after the RST: {reads}. This kernel kept what had arrived before it; other systems may discard it (RFC 9112 §9.6 warns of that).",
                "RST가 온 뒤에야 읽은 클라이언트의 recv() 결과: {reads}. 이 커널은 먼저 도착한 것을 그대로 두었습니다. 버리는 시스템도 있을 수 있습니다(RFC 9112 §9.6의 경고)."
            ),
        )),
        _ => None,
    }
}

fn larger_than_the_window(facts: &Facts) -> Option<Sentence> {
    let [handed_over, left, arrived, read] =
        ["handed_over", "left", "arrived", "read"].map(|what| facts.get_count(&format!("large_{what}")));
    let (handed_over, left) = (handed_over?, left.filter(|left| *left > 0)?);
    if !facts.is("large_reads_after_the_reset") || left >= handed_over || arrived != Some(left) || read != Some(left) {
        return None;
    }
    let kept = handed_over - left;
    Some(both!(
        "Of a response larger than the window, send() had taken {handed_over} bytes; {left} left, arrived and were read. The other {kept} were still with the server's kernel: with the RST they were gone.",
        "윈도보다 큰 응답에서는 send()로 {handed_over}바이트를 커널에 넘겼지만, 나가서 도착하고 읽힌 것은 {left}바이트입니다. 나머지 {kept}바이트는 아직 서버의 커널에 있었고 RST와 함께 사라졌습니다."
    ))
}

fn other_ways(facts: &Facts) -> Vec<Sentence> {
    let mut why = Vec::new();
    if let (Some(sends), Some(1..)) =
        (facts.get_word("sends_to_a_closed_end"), facts.get_count("resets_of_a_closed_end"))
        // The request, and the first that came too late.
        && sends.split(", ").take_while(|result| result.parse::<u32>().is_ok()).count() >= 2
    {
        why.push(both!(
            "To an end that has closed, the client's sends went: {sends}. The first one that is too late succeeds: the RST has not come back yet.",
            "이미 닫은 쪽으로 보낸 send()의 결과: {sends}. 늦은 첫 send()는 아직 RST가 돌아오지 않았으므로 성공합니다."
        ));
    }
    if let (Some(reads), Some(1..), Some(0)) = (
        facts.get_word("reads_after_an_abort"),
        facts.get_count("resets_of_an_abort"),
        facts.get_count("fins_of_an_abort"),
    ) {
        why.push(both!(
            "An abort (SO_LINGER 0) sent a RST and no FIN; the server's reads: {reads}.",
            "일부러 끊자(SO_LINGER 0) FIN 없이 RST만 나갔습니다. 서버의 recv() 결과: {reads}."
        ));
    }
    why
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The choice, and how many sentences, if a client reads `late` after the RST, and of 20,000 bytes `large`.
    fn concluded(late: &str, read: usize, large: usize) -> Option<(usize, usize)> {
        let facts = Facts::default()
            .word("reads_of_an_unread_close", "32, ECONNRESET")
            .count("resets_of_an_unread_close", 1)
            .count("fins_of_an_unread_close", 0)
            .word("late_reads", late)
            .holds("late_reads_after_the_reset", true)
            .count("late_arrived", 32)
            .count("late_read", read)
            .holds("large_reads_after_the_reset", true)
            .count("large_handed_over", LARGE)
            .count("large_left", 2896)
            .count("large_arrived", 2896)
            .count("large_read", large);
        conclude(&facts).map(|conclusion| (conclusion.choice, conclusion.why.len()))
    }

    #[test]
    fn what_a_late_reader_gets_decides_and_not_what_an_early_one_got() {
        assert_eq!(concluded("32, ECONNRESET", 32, 2896), Some((1, 3)));
        assert_eq!(concluded("ECONNRESET", 0, 0), Some((2, 2)), "on a kernel that discards");
        assert_eq!(concluded("16, ECONNRESET", 16, 2896), None, "neither");
        let without_a_late_reader = Facts::default()
            .word("reads_of_an_unread_close", "32, ECONNRESET")
            .count("resets_of_an_unread_close", 1)
            .count("fins_of_an_unread_close", 0);
        assert_eq!(conclude(&without_a_late_reader), None);
    }

    #[test]
    fn a_fin_beside_the_reset_and_a_late_send_that_failed_are_not_passed_over() {
        let concluded = |fins, sends: &str| {
            let facts = Facts::default()
                .word("reads_of_an_unread_close", "32, ECONNRESET")
                .count("resets_of_an_unread_close", 1)
                .count("fins_of_an_unread_close", fins)
                .word("late_reads", "32, ECONNRESET")
                .holds("late_reads_after_the_reset", true)
                .count("late_arrived", 32)
                .count("late_read", 32)
                .word("sends_to_a_closed_end", sends)
                .count("resets_of_a_closed_end", 1);
            conclude(&facts).map(|conclusion| conclusion.why.len())
        };
        assert_eq!(concluded(0, "3, 4, EPIPE"), Some(3));
        assert_eq!(concluded(0, "3, EPIPE"), Some(2));
        assert_eq!(concluded(1, "3, 4, EPIPE"), None);
    }
}
