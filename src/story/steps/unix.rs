//! A connection on a unix socket: no network lies between its ends, so there is neither a handshake nor a
//! FIN, and what the calls say is all that there is.

use super::phrase::said_first;
use super::say::say;
use super::step::Step;
use super::{ending, handshake};
use crate::language::Language;
use crate::language::particle::SUBJECT;
use crate::record::connection::{Close, Record};
use crate::record::{End, How};
use crate::story::parties::{self, Party};

pub(super) fn accept(record: &Record, language: Language) -> Step {
    let sentence = say!(
        language,
        "accept(2) gives the server a socket for this {} alone ({}). A unix socket joins two programs of one machine: there are no addresses, no segments, and nothing shakes hands. All times count from here."
            / "accept(2)가 이 {}만을 위한 소켓을 서버에 줍니다({}). 유닉스 소켓은 한 컴퓨터의 두 프로그램을 잇습니다. 주소도 세그먼트도 핸드셰이크도 없습니다. 모든 시각은 여기서부터 셉니다.",
        Party::of_client(record).name(language),
        record.model
    );
    handshake::accepted(say!(language, "a unix socket" / "유닉스 소켓"), sentence, language)
}

pub(super) fn ending(close: &Close, record: &Record, language: Language) -> Vec<Step> {
    let reason = Step::note("reason", parties::why_it_ended(close, record, language));
    if close.how == How::Lost {
        return vec![ending::lost(close, record, language)];
    }
    let mut steps: Vec<Step> =
        client_end(close, record, language).into_iter().chain(server_end(close, language)).collect();
    if close.first.value() == Some(&End::Server) {
        steps.reverse();
    }
    steps.push(closed(close, record, language));
    steps.push(reason);
    steps
}

fn client_end(close: &Close, record: &Record, language: Language) -> Option<Step> {
    let name = SUBJECT.after(Party::of_client(record).name(language), language);
    let first = said_first(&close.first, End::Client, language);
    if close.how == How::ResetByClient {
        let at = if close.client_end.value().is_some() { &close.client_end } else { &close.at };
        let title = say!(
            language,
            "a call failed: the {} closed its socket before it had taken all{}"
                / "호출이 실패함: {} 다 받기 전에 소켓을 닫음{}",
            name,
            first
        );
        return Some(Step::event("reset", at.clone(), say!(language, "error" / "오류"), title).known_by(at, language));
    }
    close.client_end.value()?;
    let title = say!(
        language,
        "read() returned 0: the {} sends nothing more{}" / "read()가 0을 돌려줌: {} 더 보내지 않음{}",
        name,
        first
    );
    let step = Step::event("client-end", close.client_end.clone(), say!(language, "end" / "끝"), title);
    Some(step.captioned("read() = 0").known_by_its_time(language))
}

fn server_end(close: &Close, language: Language) -> Option<Step> {
    close.server_end.value()?;
    let title = say!(language, "shutdown(): the server sends nothing more" / "shutdown(): 서버가 더 보내지 않음");
    let step = Step::event("server-end", close.server_end.clone(), say!(language, "shut" / "닫음"), title);
    Some(step.captioned("shutdown()").known_by_its_time(language))
}

fn closed(close: &Close, record: &Record, language: Language) -> Step {
    let title = match close.how {
        How::ResetByServer => say!(
            language,
            "close(): bytes of the {0}'s were left unread, so its next read fails"
                / "close(): 읽지 않은 {0}의 바이트가 남아, {0}의 다음 읽기가 실패함",
            Party::of_client(record).name(language)
        ),
        How::Timeout => say!(language, "close(): a deadline passed" / "close(): 제한 시간이 지남"),
        _ => say!(language, "close(): the socket is gone" / "close(): 소켓이 사라짐"),
    };
    let step = Step::event("closed", close.at.clone(), say!(language, "closed" / "닫힘"), title);
    step.captioned("close()").known_by_its_time(language)
}
