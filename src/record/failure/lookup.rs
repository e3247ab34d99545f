//! Why a name has no address, in Korean. English is the error's own.

use crate::language::Language::Korean;
use crate::record::lookup_error::{LookupError, NameFault, WalkLimit, zone_name};

pub(super) fn korean(error: &LookupError) -> String {
    match error {
        LookupError::InvalidName { name, why } => {
            format!("{name:?}은(는) 호스트 이름이 아닙니다: {}.", of_name(*why))
        }
        LookupError::NoSuchName { name, server } => {
            format!("{name}은(는) 없는 이름입니다(NXDOMAIN, {server}의 응답). 철자가 맞나요?")
        }
        LookupError::NoAddress { name, server } => {
            format!("{name}은(는) 있는 이름이지만 A도 AAAA도 없습니다({server}의 응답).")
        }
        LookupError::NoRecord { name, version, server } => {
            let kind = if *version == 4 { "A" } else { "AAAA" };
            format!(
                "{name}은(는) 있는 이름이지만 {kind} 레코드가 없습니다({server}의 응답). 다른 종류는 묻지 않았습니다."
            )
        }
        LookupError::Referred { name, zone, server } => format!(
            "{server}은(는) {name}을(를) 찾아 주지 않고 {}의 서버로 위임합니다(referral). --dns로 다른 서버를 써 보세요.",
            zone_name(zone, Korean)
        ),
        LookupError::ServerFailed { name, server, rcode } => {
            format!("{name}에 대한 {server}의 응답은 {rcode}입니다. --dns로 다른 서버를 써 보세요.")
        }
        LookupError::NoResponse { tries, server } => format!(
            "{tries}번 물었지만 응답이 없습니다. 마지막으로 물은 서버는 {server}입니다. --dns로 다른 서버를 써 보세요."
        ),
        LookupError::Refused { server } => {
            format!("{server}에서 기다리는 네임 서버가 없습니다. --dns로 다른 서버를 써 보세요.")
        }
        LookupError::TcpRefused { server } => {
            format!("resolv.conf(use-vc)에 따라 TCP로만 물었는데, {server}이(가) TCP 연결을 받지 않습니다.")
        }
        LookupError::Unreachable { server, why } => {
            format!("네임 서버 {server}에 닿을 수 없습니다: {}.", why.said(Korean))
        }
        LookupError::AliasLoop { name } => format!("CNAME이 돌고 돕니다. {name}이(가) 다시 나왔습니다."),
        LookupError::TooManyAliases { name } => format!("CNAME 사슬이 너무 깁니다. {name}에서 멈췄습니다."),
        LookupError::Truncated { server } => format!("{server}이(가) TCP로도 잘린 응답을 보냅니다."),
        LookupError::NoTcp { server } => {
            format!("{server}의 응답이 데이터그램 하나에 들어가지 않는데, TCP로는 응답이 오지 않았습니다.")
        }
        LookupError::Malformed { server, why } => {
            format!("{server}의 응답을 읽을 수 없습니다: {}.", why.said(Korean))
        }
        LookupError::Lame { zone, server } => {
            format!("{zone}을(를) 위임받은 서버들이 그 영역을 모릅니다. 마지막으로 물은 서버는 {server}입니다.")
        }
        LookupError::NoWayDown { name, server, rcode } => {
            let what = match rcode.as_str() {
                "NOERROR" => "에는 답도, 아래로 내려가는 위임(referral)도 없습니다",
                rcode => &format!("은 {rcode}입니다"),
            };
            format!("{server}에서는 루트부터 내려갈 수 없습니다. {name}에 대한 응답{what}. 루트 서버가 맞나요?")
        }
        LookupError::Delegated { zone, error } => match &**error {
            LookupError::ServerFailed { name, server, rcode } => {
                format!("{name}에 대한 {server}의 응답은 {rcode}입니다. {zone}을(를) 위임받은 서버입니다.")
            }
            LookupError::NoResponse { tries, server } => {
                format!("{zone}의 서버들에 {tries}번 물었지만 응답이 없습니다. 마지막으로 물은 서버는 {server}입니다.")
            }
            LookupError::Refused { server } => {
                format!("{zone}을(를) 위임받은 {server}에서 기다리는 네임 서버가 없습니다.")
            }
            error => korean(error),
        },
        LookupError::NoServerAddress { zone } => {
            format!("{}의 네임 서버 가운데 주소가 있는 것이 없습니다.", zone_name(zone, Korean))
        }
        LookupError::NoTime { name } => {
            format!("{name}을(를) 물을 시간이 남지 않았습니다. --timeout을 늘려 보세요.")
        }
        LookupError::Interrupted { name } => format!("{name}의 주소를 찾는 중에 중단했습니다."),
        LookupError::TooLong { questions, limit } => {
            let why = match limit {
                WalkLimit::Time => "너무 오래 걸립니다",
                WalkLimit::Questions => "질문이 너무 많이 듭니다",
                WalkLimit::Referrals => "위임이 끝없이 이어집니다",
            };
            format!("질문 {questions}개 뒤에 멈췄습니다. {why}.")
        }
    }
}

fn of_name(fault: NameFault) -> &'static str {
    match fault {
        NameFault::Brackets => "대괄호 안에는 IPv6 주소를 씁니다",
        NameFault::Letters => "DNS의 글자로 쓸 수 없습니다",
        NameFault::TooLong => "253바이트보다 깁니다",
        NameFault::LongLabel => "63바이트보다 긴 레이블이 있습니다",
        NameFault::Empty => "비어 있거나 점이 잇달아 있습니다",
        NameFault::Character => "이름에는 글자, 숫자, 하이픈, 점만 씁니다",
        NameFault::Number => "숫자로 끝나지만 IPv4 주소가 아닙니다. IPv4 주소는 255까지의 숫자 네 개입니다",
        NameFault::Unsendable => "DNS 메시지에 넣을 수 없습니다",
    }
}
