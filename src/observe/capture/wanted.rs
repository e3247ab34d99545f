//! Whether packets are captured, and what is said about it.

use super::Sockets;
use crate::language::Language;
use std::io;
use std::net::SocketAddr;

/// The environment variable that switches capturing off, and the word that does.
const SWITCH: &str = "GLASSHTTP_PACKETS";
const OFF: &str = "off";

/// Whether packets are captured.
#[derive(Debug)]
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
    pub fn open(addresses: &[SocketAddr], is_shown: bool, is_log: bool) -> Result<(Self, Option<Sockets>), String> {
        let is_off = match std::env::var(SWITCH) {
            Err(_) => false,
            Ok(value) if value.is_empty() || value == "on" => false,
            Ok(value) if value == OFF => true,
            Ok(value) => return Err(format!("{SWITCH} is '{value}'; it may be 'off', or not set")),
        };
        if is_off && is_log {
            return Err(format!("--log pcapng needs packets, and {SWITCH}=off switches them off"));
        }
        if is_off || !(is_shown || is_log) {
            return Ok((Self::Off, None));
        }
        match Sockets::open(addresses, is_log) {
            Ok(sockets) => Ok((Self::Captured, Some(sockets))),
            Err(error) if is_log => Err(format!("--log pcapng cannot capture packets: {}", why(&error))),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok((Self::NoRight, None)),
            Err(error) => Ok((Self::Failed(error), None)),
        }
    }

    /// What people are told of it when the server starts; nothing, if they are off.
    pub fn sentence(&self, language: Language) -> Option<String> {
        Some(match (self, language) {
            (Self::Off, _) => return None,
            (Self::Captured, Language::English) => "Packets are captured (CAP_NET_RAW).".into(),
            (Self::Captured, Language::Korean) => "패킷도 캡처합니다(CAP_NET_RAW).".into(),
            (Self::NoRight, Language::English) => {
                format!("Packets are not shown: that needs CAP_NET_RAW; try: {}", way())
            }
            (Self::NoRight, Language::Korean) => {
                format!("패킷은 보이지 않습니다. CAP_NET_RAW가 필요합니다. 이렇게 하십시오: {}", way())
            }
            (Self::Failed(error), Language::English) => format!("Packets are not shown: {error}."),
            (Self::Failed(error), Language::Korean) => format!("패킷은 보이지 않습니다: {error}."),
        })
    }
}

fn why(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => format!("that needs CAP_NET_RAW; try: {}", way()),
        _ => format!("{error}; try another --log"),
    }
}

/// How to get the right.
fn way() -> String {
    let program = std::env::current_exe().map_or_else(|_| "glasshttp".into(), |path| path.display().to_string());
    format!("sudo setcap cap_net_raw+ep {program}")
}
