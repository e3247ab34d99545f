//! Whether packets are captured, and what is said about it.

use super::Sockets;
use crate::language::sentence::say;
use crate::language::{Language, cause};
use std::io;
use std::net::SocketAddr;

/// The environment variable that switches capturing off, and the word that does.
pub(crate) const SWITCH: &str = "GLASSHTTP_PACKETS";
pub(crate) const OFF: &str = "off";

/// Whether packets are captured.
#[derive(Debug)]
#[non_exhaustive]
pub enum Packets {
    /// Nothing shows them, or they were switched off.
    Off,
    /// They are: from now on these sockets hear them.
    Captured,
    /// The right is missing.
    NoRight,
    /// Something else was in the way.
    Failed(io::Error),
}

impl Packets {
    /// Opens the sockets, if something shows packets and nobody switched them off.
    ///
    /// # Errors
    /// In a sentence: if the switch has a value that it can't have, or packets
    /// are the log and can't be captured.
    pub fn open(
        addresses: &[SocketAddr],
        is_shown: bool,
        is_log: bool,
        language: Language,
    ) -> Result<(Self, Option<Sockets>), String> {
        let is_off = is_off(language)?;
        if is_off && is_log {
            return Err(say!(
                language,
                "this log consists of packets, which {}=off switches off; unset it"
                    / "이 로그는 패킷으로 이루어지는데 {}=off로 꺼져 있습니다. 그 변수를 지우세요",
                SWITCH
            ));
        }
        if is_log && addresses.is_empty() {
            return Err(say!(
                language,
                "this log consists of packets, and a unix socket has none; add --bind 127.0.0.1"
                    / "이 로그는 패킷으로 이루어지는데 유닉스 소켓에는 패킷이 없습니다. --bind 127.0.0.1을 더하세요"
            ));
        }
        if is_off || addresses.is_empty() || !(is_shown || is_log) {
            return Ok((Self::Off, None));
        }
        match Sockets::open(addresses, is_log) {
            Ok(sockets) => Ok((Self::Captured, Some(sockets))),
            Err(error) if is_log => Err(not_captured(&error, language)),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok((Self::NoRight, None)),
            Err(error) => Ok((Self::Failed(error), None)),
        }
    }

    /// The same for a client.
    ///
    /// # Errors
    /// In a sentence: if the switch has a value that it can't have.
    pub fn open_for_client(is_shown: bool, language: Language) -> Result<(Self, Option<Sockets>), String> {
        if is_off(language)? || !is_shown {
            return Ok((Self::Off, None));
        }
        Ok(match Sockets::for_client() {
            Ok(sockets) => (Self::Captured, Some(sockets)),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => (Self::NoRight, None),
            Err(error) => (Self::Failed(error), None),
        })
    }

    /// What the announcement says of it; nothing, if packets are switched off.
    pub fn sentence(&self, language: Language) -> Option<String> {
        Some(match self {
            Self::Off => return None,
            Self::Captured => {
                say!(language, "Packets are captured (CAP_NET_RAW)." / "패킷도 캡처합니다(CAP_NET_RAW).")
            }
            Self::NoRight => say!(
                language,
                "Packets are not shown: that needs CAP_NET_RAW; try sudo, glasshttp lab, or: {}"
                    / "패킷은 볼 수 없습니다. CAP_NET_RAW가 필요합니다. sudo나 glasshttp lab을 쓰거나: {}",
                way()
            ),
            Self::Failed(error) => {
                say!(language, "Packets are not shown: {}." / "패킷은 볼 수 없습니다: {}.", cause(error, language))
            }
        })
    }
}

fn is_off(language: Language) -> Result<bool, String> {
    match std::env::var(SWITCH) {
        Err(_) => Ok(false),
        Ok(value) if value.is_empty() || value == "on" => Ok(false),
        Ok(value) if value == OFF => Ok(true),
        Ok(value) => Err(say!(
            language,
            "{} is '{}'; set it to 'off' or unset it" / "{}의 값이 '{}'입니다. 'off'로 하거나 지우세요",
            SWITCH,
            value
        )),
    }
}

/// Packets were the log.
fn not_captured(error: &io::Error, language: Language) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => say!(
            language,
            "cannot capture packets: that needs CAP_NET_RAW; try: {}"
                / "패킷을 캡처할 수 없습니다. CAP_NET_RAW가 필요합니다. 이렇게 하세요: {}",
            way()
        ),
        _ => say!(
            language,
            "cannot capture packets: {}; try another --log" / "패킷을 캡처할 수 없습니다: {}. 다른 --log를 쓰세요",
            cause(error, language)
        ),
    }
}

/// How to get the right.
fn way() -> String {
    let program = std::env::current_exe().map_or_else(|_| "glasshttp".into(), |path| path.display().to_string());
    format!("sudo setcap cap_net_raw+ep {program}")
}
