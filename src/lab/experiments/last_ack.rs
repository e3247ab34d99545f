//! Lesson: nobody acknowledges an acknowledgment, so the last one may be lost
//! and nobody knows. The end that closed first keeps TIME_WAIT for that: its kernel
//! answers a FIN that comes again, long after its program has ended. The price
//! is a port that can't simply be bound again.

use super::play::{ADDRESS, REQUEST, ask, listen, response};
use super::prelude::*;
use crate::lab::end::name;
use crate::lab::network::SERVER;
use crate::lab::socket_states::states;
use socket2::{Domain, Socket, Type};
use std::net::SocketAddr;

pub(super) const LAST_ACK: Experiment = Experiment {
    name: "last-ack",
    title: text("Why there is a TIME_WAIT", "TIME_WAIT의 쓸모"),
    question: text(
        "The last ACK of a close is lost, and both programs have ended. What happens to the connection?",
        "종료의 마지막 ACK를 잃었고, 두 프로그램은 이미 끝났습니다. 연결은 어떻게 될까요?",
    ),
    choices: &[
        text("nothing: both programs have ended", "아무 일도 없다. 프로그램이 모두 끝났으니까"),
        text(
            "the FIN comes again, and the kernel in TIME_WAIT responds",
            "FIN이 다시 오고, TIME_WAIT인 커널이 응답한다",
        ),
        text("the connection stays half open for ever", "연결이 반쯤 열린 채 영원히 남는다"),
    ],
    acts: &[Act {
        title: text("The server closes first; its last ACK is lost", "서버가 먼저 닫고, 마지막 ACK를 잃을 때"),
        wire: "10ms 4m <ack:2 drop",
        play,
    }],
    facts,
    conclude,
    next: &[("lab close", text("the close without a loss", "잃은 것이 없을 때의 종료"))],
};

fn play(stage: &Stage) -> io::Result<()> {
    let listening = listen(stage, 5)?;
    let server = stage.server(move |_| {
        let talk = listening.accept()?;
        talk.recv(100)?;
        talk.send(&response(40))?;
        talk.shut_down()?;
        talk.recv_all()?;
        talk.close();
        Ok(())
    })?;
    stage.client(|end| ask(&end, REQUEST))?.join()?;
    server.join()?;
    std::thread::sleep(Duration::from_millis(80)); // both programs are done, the ACK is lost, no timer has ended
    let host = |stage: &Stage| stage.server(|_| states());
    stage.calls.found("server_state", Fact::Word(host(stage)?.join()?.join(" ")));
    stage.calls.found("client_state", Fact::Word(stage.client(|_| states())?.join()?.join(" ")));
    for (fact, reuse) in [("bind_again", false), ("bind_again_with_so_reuseaddr", true)] {
        let bound = stage.server(move |_| Ok(bind_again(reuse)))?.join()?;
        stage.calls.found(fact, Fact::Word(bound.map_or_else(|error| name(&error), |()| "ok".into())));
    }
    std::thread::sleep(Duration::from_millis(250)); // the client's timer ends
    Ok(())
}

fn bind_again(reuse: bool) -> io::Result<()> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(reuse)?;
    socket.bind(&SocketAddr::from((SERVER, ADDRESS.1)).into())
}

fn facts(runs: &[Run]) -> Facts {
    let Some(run) = runs.first() else { return Facts::default() };
    let fins: Vec<&Segment> = run.of(ToServer).filter(|one| one.has("FIN")).collect();
    let lost = run.first(Segment::is_lost);
    let again = fins.iter().find(|one| one.is_again());
    let answered = again
        .is_some_and(|again| run.of(ToClient).any(|one| one.is_pure_ack() && Some(one.sent_ms) >= again.arrived_ms));
    Facts::default()
        .holds(
            "the_lost_one_was_the_last_ack",
            lost.is_some_and(|lost| lost.is_pure_ack() && fins.first().is_some_and(|fin| fin.sent_ms < lost.sent_ms)),
        )
        .ms("fin_again_after_ms", fins.first().zip(again).map(|(first, again)| again.sent_ms - first.sent_ms))
        .holds("answered", answered)
        .holds(
            "both_had_closed",
            [Side::Client, Side::Server]
                .iter()
                .all(|side| run.call(*side, "close()").zip(again).is_some_and(|(at, again)| at < again.sent_ms)),
        )
        .set("server_state", run.found("server_state"))
        .set("client_state", run.found("client_state"))
        .set("bind_again", run.found("bind_again"))
        .set("bind_again_with_so_reuseaddr", run.found("bind_again_with_so_reuseaddr"))
        .word("shape", run.shape())
}

fn conclude(facts: &Facts) -> Option<Conclusion> {
    let after = facts.get_ms("fin_again_after_ms")?;
    if !facts.is("the_lost_one_was_the_last_ack") || !facts.is("answered") || !facts.is("both_had_closed") {
        return None;
    }
    let mut why = vec![both!(
        "{after:.0} ms after its FIN the client's kernel sent it again, and the server's kernel acknowledged it. No program was left at either end.",
        "클라이언트의 커널이 {after:.0} ms 뒤에 FIN을 다시 보냈고, 서버의 커널이 ACK로 응답했습니다. 양쪽 모두 프로그램은 이미 끝난 뒤였습니다."
    )];
    if let (Some(server), Some(client)) = (facts.get_word("server_state"), facts.get_word("client_state"))
        && server.contains("TIME_WAIT")
    {
        why.push(both!(
            "Meanwhile the server's socket was in {server}, the client's in {client}: that is what TIME_WAIT is for.",
            "그 사이 서버의 소켓은 {server}, 클라이언트의 소켓은 {client} 상태였습니다. TIME_WAIT는 이때를 위해 있습니다."
        ));
    }
    if let (Some(plain), Some("ok")) = (facts.get_word("bind_again"), facts.get_word("bind_again_with_so_reuseaddr"))
        && plain != "ok"
    {
        why.push(both!(
            "Its price: bind() to the same port failed with {plain}. With SO_REUSEADDR on both sockets it succeeded.",
            "대가도 있습니다. 같은 포트에 bind()하니 {plain} 오류가 났습니다. 두 소켓 모두 SO_REUSEADDR를 쓰자 성공했습니다."
        ));
    }
    Some(Conclusion { choice: 1, why })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_program_was_left_if_both_had_closed_before() {
        let is_concluded = |both_had_closed| {
            let facts = Facts::default()
                .ms("fin_again_after_ms", Some(228.0))
                .holds("the_lost_one_was_the_last_ack", true)
                .holds("answered", true)
                .holds("both_had_closed", both_had_closed);
            conclude(&facts).is_some()
        };
        assert!(is_concluded(true) && !is_concluded(false));
        let acts = crate::lab::recorded::in_the_folder("last-ack").acts;
        assert!(facts(&acts).is("both_had_closed"));
    }
}
