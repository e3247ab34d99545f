//! A failure's text that others chose, without its secrets: it is shown, written and passed on.

use super::faults::{FileFault, RangeFault, UrlFault};
use super::variants::Failure;
use crate::record::secrets::{passed_on, withheld_field_line, without_userinfo};
use std::borrow::Cow;

pub(super) fn withheld(mut failure: Failure) -> Failure {
    match &mut failure {
        Failure::Url { text: url, fault } | Failure::Redirect { location: url, fault } => {
            replace(url, without_userinfo);
            if let UrlFault::Slashes { meant } = fault {
                replace(meant, without_userinfo);
            }
        }
        Failure::NotBegun { url, .. } | Failure::TooManyRedirects { url, .. } => replace(url, without_userinfo),
        Failure::Status { url, status } => {
            replace(url, without_userinfo);
            replace(status, without_userinfo);
        }
        Failure::LostRedirect { line } => replace(line, withheld_field_line),
        Failure::File { fault, .. } => file(fault),
        Failure::Range { fault, .. } | Failure::Partial { fault } => range(fault),
        Failure::Interrupted
        | Failure::Lookup(_)
        | Failure::NoAddress { .. }
        | Failure::NoInterface { .. }
        | Failure::Connect { .. }
        | Failure::Request(_)
        | Failure::Response(_)
        | Failure::RangeSurplus
        | Failure::RangeEndsEarly { .. }
        | Failure::RangeIsPart { .. }
        | Failure::RangeWithoutTotal
        | Failure::ShorterThanPart
        | Failure::EmptyPart
        | Failure::Stdout(_)
        | Failure::StdoutClosed => {}
    }
    failure
}

fn file(fault: &mut FileFault) {
    match fault {
        FileFault::OtherUrl { url } => replace(url, without_userinfo),
        FileFault::Folder
        | FileFault::Busy
        | FileFault::NotRegular
        | FileFault::Changed
        | FileFault::OtherMethod
        | FileFault::OtherFields
        | FileFault::Write(_)
        | FileFault::Read(_)
        | FileFault::TooLong { .. } => {}
    }
}

fn range(fault: &mut RangeFault) {
    match fault {
        RangeFault::Unnamed { value }
        | RangeFault::Other { value }
        | RangeFault::Length { value, .. }
        | RangeFault::Unsatisfied { value, .. } => replace(value, |value| passed_on("content-range", value)),
        RangeFault::Version | RangeFault::NoBody { .. } | RangeFault::Status { .. } | RangeFault::Empty => {}
    }
}

fn replace(text: &mut String, by: impl for<'t> Fn(&'t str) -> Cow<'t, str>) {
    *text = by(text).into_owned();
}
