//! Numbers as people read them; the same in both languages, and with a noun in English.

/// A number with its thousands set apart.
pub fn grouped(number: u64) -> String {
    match number {
        0..1000 => number.to_string(),
        _ => format!("{},{:03}", grouped(number / 1000), number % 1000),
    }
}

/// A number with its noun in English, which has a plural.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        _ => format!("{} {many}", grouped(number)),
    }
}

/// The same of bytes.
pub(crate) fn bytes(number: u64) -> String {
    counted(number, "byte", "bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_many() {
        for (number, said) in [(0, "0 bytes"), (1, "1 byte"), (2, "2 bytes"), (1001, "1,001 bytes")] {
            assert_eq!(bytes(number), said);
        }
    }
}
