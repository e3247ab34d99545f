//! The names by which programs know failures: they never change.

use super::faults::{ConnectFault, FileFault, RangeFault, UrlFault};
use super::response;
use super::variants::Failure;
use crate::http::client::RequestError;

pub(super) fn of(failure: &Failure) -> &'static str {
    match failure {
        Failure::Interrupted => "interrupted",
        Failure::NotBegun { .. } => "not_begun",
        Failure::Url { fault, .. } => of_url(fault),
        Failure::Lookup(error) => error.code(),
        Failure::NoAddress { only: Some(4), .. } => "no_ipv4_address",
        Failure::NoAddress { only: Some(_), .. } => "no_ipv6_address",
        Failure::NoAddress { only: None, .. } => "no_address",
        Failure::NoInterface { .. } => "no_interface",
        Failure::Connect { fault, .. } => match fault {
            ConnectFault::Refused => "connection_refused",
            ConnectFault::TimedOut => "connection_timed_out",
            ConnectFault::Unreachable(_) => "unreachable",
            ConnectFault::Failed(_) => "connect_failed",
        },
        Failure::Request(error) => match error {
            RequestError::NotNow => "connection_not_free",
            RequestError::Target => "request_target",
            RequestError::Host => "request_host",
            RequestError::Method => "request_method",
            RequestError::Simple => "request_http09",
        },
        Failure::Response(error) => response::code(*error),
        Failure::Status { .. } => "status",
        Failure::Redirect { .. } => "redirect_target",
        Failure::LostRedirect { .. } => "redirect_location",
        Failure::TooManyRedirects { .. } => "too_many_redirects",
        Failure::Range { fault, .. } | Failure::Partial { fault } => match fault {
            RangeFault::Unnamed { .. } => "range_unnamed",
            RangeFault::Other { .. } => "range_other",
            RangeFault::Length { .. } => "range_length",
            RangeFault::Version => "range_version",
            RangeFault::Unsatisfied { .. } => "range_unsatisfied",
            RangeFault::NoBody { .. } => "range_no_body",
            RangeFault::Status { .. } => "range_status",
            RangeFault::Empty => "range_empty",
        },
        Failure::RangeSurplus => "range_surplus",
        Failure::RangeEndsEarly { .. } => "range_ends_early",
        Failure::RangeIsPart { .. } => "range_is_part",
        Failure::RangeWithoutTotal => "range_without_total",
        Failure::ShorterThanPart => "shorter_than_part",
        Failure::EmptyPart => "empty_part",
        Failure::File { fault, .. } => match fault {
            FileFault::Folder => "file_is_folder",
            FileFault::Busy => "file_busy",
            FileFault::NotRegular => "file_not_regular",
            FileFault::Changed => "file_changed",
            FileFault::OtherUrl { .. } => "file_other_url",
            FileFault::OtherMethod => "file_other_method",
            FileFault::OtherFields => "file_other_fields",
            FileFault::Write(_) => "file_write",
            FileFault::Read(_) => "file_read",
            FileFault::TooLong { .. } => "file_too_long",
        },
        Failure::Stdout(_) => "stdout",
        Failure::StdoutClosed => "stdout_closed",
    }
}

fn of_url(fault: &UrlFault) -> &'static str {
    match fault {
        UrlFault::NoHost => "url_no_host",
        UrlFault::Ipv6 => "url_ipv6",
        UrlFault::Ipv4 => "url_ipv4",
        UrlFault::Port => "url_port",
        UrlFault::NoZone => "url_no_zone",
        UrlFault::PortZero => "url_port_zero",
        UrlFault::Host => "url_host",
        UrlFault::Slashes { .. } => "url_slashes",
        UrlFault::Malformed => "url_malformed",
        UrlFault::Encrypted => "url_https",
        UrlFault::Scheme { .. } => "url_scheme",
        UrlFault::Credentials { .. } => "url_credentials",
        UrlFault::NoFileName => "url_no_file_name",
    }
}
