//! A URL as a QR code, for the camera of a telephone in the same network.

use anstyle::{AnsiColor, Color, Style};
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

/// Black on white whatever the terminal's own colours are: cameras want that.
const INK: Style =
    Style::new().fg_color(Some(Color::Ansi(AnsiColor::Black))).bg_color(Some(Color::Ansi(AnsiColor::BrightWhite)));

/// The code's lines, if it fits this many columns and rows.
pub fn lines(url: &str, columns: usize, rows: usize) -> Option<Vec<String>> {
    let code = QrCode::with_error_correction_level(url, EcLevel::L).ok()?;
    let drawn = code.render::<Dense1x2>().dark_color(Dense1x2::Dark).light_color(Dense1x2::Light).build();
    let lines: Vec<&str> = drawn.lines().collect();
    let fits = lines.len() <= rows && lines.iter().all(|line| line.chars().count() <= columns);
    fits.then(|| lines.iter().map(|line| format!("{INK}{line}{INK:#}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_shown_where_it_fits() {
        let url = "http://192.168.100.200:65535/";
        let lines = lines(url, 60, 24).expect("it fits");
        assert_eq!(lines.len(), 17);
        let is_white = |line: &str| anstream::adapter::strip_str(line).to_string().trim().is_empty();
        assert!(is_white(&lines[0]) && !is_white(&lines[3]), "ink is for the dark modules");
        assert_eq!(super::lines(url, 32, 24), None);
        assert_eq!(super::lines(url, 80, 16), None);
    }
}
