//! Failures in English.

use super::faults::{ConnectFault, FileFault, RangeFault, UrlFault};
use super::kept_part::KeptPart;
use super::no_path;
use super::variants::Failure;
use crate::language::Language::English;
use crate::language::grouped;
use crate::language::number::{bytes as bytes_of, counted};
use crate::record::system_error::SystemError;
use std::net::SocketAddr;
use std::path::Path;

pub(super) fn sentence(failure: &Failure) -> String {
    match failure {
        Failure::Interrupted => "Interrupted.".into(),
        Failure::NotBegun { url, fetches: 0 | 1 } => format!("Interrupted before {url} was fetched."),
        Failure::NotBegun { url, fetches } => {
            format!("Interrupted: {} fetches were not begun; the first is {url}.", grouped(*fetches))
        }
        Failure::Url { text, fault } => match fault {
            UrlFault::NoFileName => format!("{text} names no file: choose a name with -o FILE."),
            fault => url(text, fault),
        },
        Failure::Lookup(error) => error.to_string(),
        Failure::NoAddress { host, only: Some(version) } => {
            format!("{host} has no IPv{version} address, and -{version} asks for one.")
        }
        Failure::NoAddress { host, only: None } => format!("{host} has no address."),
        Failure::NoInterface { zone } => {
            format!("This machine has no interface {zone:?}. To list them: ip link")
        }
        Failure::Connect { server, addresses, known, fault } => connect(*server, (*addresses, *known), fault),
        Failure::Request(error) => error.to_string(),
        Failure::Response(error) => error.to_string(),
        Failure::Status { url, status } => format!("The response to {url} is {status}."),
        Failure::Redirect { location, fault } => {
            format!("The redirect to {location:?} is not followed. {}", url(location, fault))
        }
        Failure::LostRedirect { line } => {
            format!("The redirect is not followed: its Location is malformed, {line:?}.")
        }
        Failure::TooManyRedirects { most, url } => {
            format!("More than {} in a row; the last leads to {url}.", counted(*most as u64, "redirect", "redirects"))
        }
        Failure::Range { path, is_resume, fault } => range(path, *is_resume, fault),
        Failure::Partial { fault: RangeFault::Other { value } } => {
            format!("The body is not the whole: its Content-Range is {value:?}.")
        }
        Failure::Partial { fault } => format!("The body is not the whole: {}.", range_fault(fault)),
        Failure::RangeSurplus => "The server sent more bytes than its Content-Range says.".into(),
        Failure::RangeEndsEarly { length, end } => {
            let [length, end] = [*length, *end].map(grouped);
            format!("The response ends at byte {length}, before the {end} that its Content-Range says.")
        }
        Failure::RangeIsPart { length, complete } => {
            format!("The server sent a part: {} of {}.", grouped(*length), bytes_of(*complete))
        }
        Failure::RangeWithoutTotal => "The server does not say how long the whole file is.".into(),
        Failure::ShorterThanPart => "The server sent less than the file has already.".into(),
        Failure::EmptyPart => "The server announced a part, and sent nothing of it.".into(),
        Failure::File { path, fault } => file(path, fault),
        Failure::Stdout(error) => format!("Cannot write to standard output: {error}."),
        Failure::StdoutClosed => "Cannot write to standard output: its reader has closed it.".into(),
    }
}

/// Where the part is, behind a sentence, and what -C makes of it.
pub(super) fn kept(part: &KeptPart) -> String {
    let are = if part.bytes == 1 { "byte is" } else { "bytes are" };
    let resumes = match part.resumes {
        Some(true) => "; -C resumes from there",
        Some(false) => "; -C starts over, as no strong validator is kept with them",
        None => "",
    };
    format!(" {} {are} in {}{resumes}.", grouped(part.bytes), part.path.display())
}

fn url(text: &str, fault: &UrlFault) -> String {
    let invalid = |why: &str| format!("{text:?} is not a URL: {why}; try http://localhost:8080/.");
    match fault {
        UrlFault::NoHost => invalid("it names no host"),
        UrlFault::Ipv6 => invalid("brackets hold an IPv6 address, as in http://[::1]:8080/"),
        UrlFault::Ipv4 => invalid("its host is not an IPv4 address, which has four numbers up to 255"),
        UrlFault::Port => invalid("a port is a number up to 65535"),
        UrlFault::Host => invalid("its host is not a valid name"),
        UrlFault::Slashes { meant } => format!("{text:?} is not a URL: two slashes follow http:; try {meant}."),
        UrlFault::Malformed => invalid("it is malformed"),
        UrlFault::NoFileName => invalid("it names no file"),
        UrlFault::NoZone => format!(
            "{text} has a link-local address, which needs the network interface behind it, as in \
             http://[fe80::1%25eth0]/. To list them: ip link"
        ),
        UrlFault::PortZero => format!("{text} names port 0, where no server can listen."),
        UrlFault::Encrypted => format!(
            "{text} is encrypted, and this client shows what is on the wire: it supports only http://. \
             curl supports https://."
        ),
        UrlFault::Scheme { scheme } => format!("{scheme}: is not supported, only http:// is."),
        UrlFault::Credentials { host } => format!(
            "The URL of {host} contains a user name or a password: leave it out, and send \
             --header 'Authorization: ...' if the server needs it."
        ),
    }
}

fn connect(server: SocketAddr, (tried, known): (usize, usize), fault: &ConnectFault) -> String {
    let to = match tried {
        0 | 1 if known <= 1 => format!("{server}"),
        0 | 1 => format!("{server} (tried alone, of {known} addresses)"),
        _ if known > tried => format!("{server} (nor to any other of the {tried} addresses tried, of {known})"),
        _ => format!("{server} (nor to any other of {tried} addresses)"),
    };
    match fault {
        ConnectFault::Refused => format!(
            "Cannot connect to {to}: refused. Nothing listens there, or a firewall rejects it; is the server running, \
             and at this port?"
        ),
        ConnectFault::TimedOut => {
            format!("Cannot connect to {to}: no response in time. Is it the right address, or does a firewall drop it?")
        }
        ConnectFault::Unreachable(error) => {
            let causes = no_path::causes(server, error, English).map(|causes| format!(" {causes}"));
            format!("Cannot connect to {to}: {error}.{}", causes.unwrap_or_default())
        }
        ConnectFault::Failed(error) => format!("Cannot connect to {to}: {error}."),
    }
}

fn range(path: &Path, is_resume: bool, fault: &RangeFault) -> String {
    let (path, why) = (path.display(), range_fault(fault));
    match is_resume {
        true => format!("Cannot resume {path}, which stays as it is: {why}."),
        false => format!("Nothing was written to {path}: {why}."),
    }
}

fn range_fault(fault: &RangeFault) -> String {
    match fault {
        RangeFault::Unnamed { value } => {
            format!("the server sent a part and does not say which one (Content-Range: {value:?})")
        }
        RangeFault::Other { value } => format!("the server sent a different range than requested, {value:?}"),
        RangeFault::Length { length, value } => {
            format!("Content-Length {length} contradicts Content-Range {value:?}")
        }
        RangeFault::Version => "the server sent the rest of another version".into(),
        RangeFault::Unsatisfied { value, bytes, complete, is_other_version } => {
            let why = match (*complete, *bytes) {
                _ if *is_other_version => "the server has another version of it".to_owned(),
                (Some(complete), Some(bytes)) if complete > bytes => {
                    format!("the server refuses to send the rest, though it has {}", bytes_of(complete))
                }
                (Some(complete), Some(_)) => format!("the server has only {}", bytes_of(complete)),
                _ => "the server refuses to send the rest".to_owned(),
            };
            let range = if value.is_empty() { String::new() } else { format!(", Content-Range {value:?}") };
            format!("{why} (416{range}); remove it to start over")
        }
        RangeFault::NoBody { status } => format!("the response is {status} and has no body"),
        RangeFault::Status { status } => format!("the response is {status}"),
        RangeFault::Empty => "the server sent nothing".into(),
    }
}

fn file(path: &Path, fault: &FileFault) -> String {
    let is_stdin = path.as_os_str() == "-"; // what is read, has this name
    let path = path.display();
    let write = |why: &SystemError| format!("Cannot write {path}: {why}.");
    match fault {
        FileFault::Folder => format!("{path} is a folder: name a file in it."),
        FileFault::Busy => format!("Cannot write {path}: another fetch is writing it."),
        FileFault::NotRegular => format!("Cannot write {path}: it is not a regular file."),
        FileFault::Changed => format!("Cannot write {path}: it changed meanwhile."),
        FileFault::OtherUrl { url } => {
            format!("Cannot resume {path}: it is a part of {url}; name another file, or leave out -C to start over.")
        }
        FileFault::OtherMethod => format!(
            "Cannot resume {path}: it is a part of the response to a GET, and only a GET without a body goes on with \
             it; name another file, or leave out -C to start over."
        ),
        FileFault::OtherFields => format!(
            "Cannot resume {path}: it is a part of the response to a request with other --header fields; send the \
             same, name another file, or leave out -C to start over."
        ),
        FileFault::Write(error) => write(error),
        FileFault::Read(error) if is_stdin => format!("Cannot read standard input: {error}."),
        FileFault::Read(error) => format!("Cannot read {path}: {error}."),
        FileFault::TooLong { most } if is_stdin => {
            format!("Standard input is longer than {most} MiB, the most that is sent.")
        }
        FileFault::TooLong { most } => format!("{path} is longer than {most} MiB, the most that is sent."),
    }
}
