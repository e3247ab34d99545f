//! The heads as they were sent, line by line: `>` to the server, `<` back.

use crate::record::connection::Message;
use crate::record::transfer::ClientExchange;
use crate::story::layout::Block;

pub(super) fn write(exchange: &ClientExchange, block: &mut Block) {
    lines(">", &exchange.request, block);
    for interim in &exchange.interim_heads {
        lines("<", &interim.head, block);
    }
    let Some(response) = &exchange.response else { return };
    lines("<", &response.head, block);
    for field in &response.trailers {
        block.verbatim("<", &format!("{}: {}", field.name, field.value));
    }
}

fn lines(mark: &str, message: &Message, block: &mut Block) {
    for line in message.head.split_terminator('\n') {
        block.verbatim(mark, line.strip_suffix('\r').unwrap_or(line));
    }
    if message.is_cut {
        block.verbatim(mark, "…");
    }
}
