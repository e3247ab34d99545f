//! A run as it is written and passed on: without its secrets, whose lengths stand in their place.

use crate::record::connection::Message;
use crate::record::secrets::{self, is_secret, withheld_head, withheld_value};
use crate::record::transfer::{FetchRecord, Field};

/// A line's end in text that is escaped as in source code.
const LINE_END: &str = r"\n";

/// `record` without the values that let their reader pass for another.
pub(super) fn run(record: &FetchRecord) -> FetchRecord {
    let mut record = record.clone();
    for transfer in &mut record.transfers {
        if let Some(exchange) = &mut transfer.exchange {
            message(&mut exchange.request);
            for interim in &mut exchange.interim_heads {
                message(&mut interim.head);
                fields(&mut interim.fields);
            }
            if let Some(response) = &mut exchange.response {
                message(&mut response.head);
                fields(&mut response.fields);
                fields(&mut response.trailers);
                for line in &mut response.dropped {
                    *line = escaped(line);
                }
            }
            if let Some(unread) = &mut exchange.unread {
                unread.line = unread.line.as_deref().map(escaped);
                unread.text = unread.text.split_inclusive(LINE_END).map(escaped).collect();
            }
        }
        if let Some(server) = &mut transfer.server {
            **server = secrets::withheld(server).into_owned();
        }
    }
    record
}

fn message(message: &mut Message) {
    message.head = withheld_head(&message.head).into_owned();
}

fn fields(fields: &mut [Field]) {
    for field in fields.iter_mut().filter(|field| is_secret(&field.name)) {
        field.value = withheld_value(&field.value);
    }
}

/// A line that is escaped as in source code: how long the value was, its length does not say.
fn escaped(line: &str) -> String {
    match line.split_once(':').filter(|(name, _)| is_secret(name)) {
        Some((name, value)) => {
            let ends = [r"\r\n", LINE_END];
            let end = ends.into_iter().find(|end| value.ends_with(end)).unwrap_or_default();
            format!("{name}: not shown{end}")
        }
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_t_be_read_holds_no_secret_either() {
        let text = r"HTTP/1.0 200 OK\r\nSet-Cookie: q=s3cret\r\nX Y\r\nSet-Cookie: s3cr";
        let shown: String = text.split_inclusive(LINE_END).map(escaped).collect();
        assert_eq!(shown, r"HTTP/1.0 200 OK\r\nSet-Cookie: not shown\r\nX Y\r\nSet-Cookie: not shown");
        let mut list = [("cookie", "q=s"), ("Host", "a")]
            .map(|(name, value)| Field { name: name.to_owned(), value: value.to_owned() });
        fields(&mut list);
        assert_eq!((list[0].value.as_str(), list[1].value.as_str()), ("3 bytes, not shown", "a"));
    }
}
