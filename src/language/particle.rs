//! Korean particles: two forms each, by the sound that the word before them ends in.

use super::spoken::Language;
use std::fmt::Display;

/// A particle: its form behind a consonant, behind a vowel, and where the sound is not known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Particle(&'static str, &'static str, &'static str);

/// 은/는
pub(crate) const TOPIC: Particle = Particle("은", "는", "은(는)");
/// 이/가
pub(crate) const SUBJECT: Particle = Particle("이", "가", "이(가)");
/// 을/를
pub(crate) const OBJECT: Particle = Particle("을", "를", "을(를)");
/// 과/와
pub(crate) const AND: Particle = Particle("과", "와", "과(와)");

impl Particle {
    /// `word`, in Korean with this particle: a place in a template that has one for each language.
    pub(crate) fn after(self, word: impl Display, language: Language) -> String {
        let word = word.to_string();
        match language {
            Language::English => word,
            Language::Korean => {
                let form = match ends_in_consonant(&word) {
                    Some(true) => self.0,
                    Some(false) => self.1,
                    None => self.2,
                };
                word + form
            }
        }
    }
}

/// Whether the last sound is a consonant, where the spelling says it. Quotes are silent, and so is what
/// stands behind the word in brackets.
fn ends_in_consonant(word: &str) -> Option<bool> {
    let word = word.strip_suffix(')').and_then(|word| word.rsplit_once('(')).map_or(word, |(word, _)| word);
    match word.chars().rev().find(|character| character.is_alphanumeric())? {
        // 영 (or 십, 백, 천, 만), 일, 삼, 육, 칠, 팔; 이, 사, 오, 구
        digit @ '0'..='9' => Some("013678".contains(digit)),
        // Syllables are in the order of their final consonants, 28 of them with none.
        syllable @ '가'..='힣' => Some((u32::from(syllable) - u32::from('가')) % 28 != 0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_sound_chooses_the_form() {
        for (word, with) in [
            ("127.0.0.1:50920", "127.0.0.1:50920과"),
            ("seq 1", "seq 1과"),
            ("2", "2와"),
            ("3", "3과"),
            ("4", "4와"),
            ("5", "5와"),
            ("6", "6과"),
            ("7", "7과"),
            ("8", "8과"),
            ("9", "9와"),
            ("1,024바이트", "1,024바이트와"),
            ("세그먼트 2개", "세그먼트 2개와"),
            ("서버", "서버와"),
            ("본문", "본문과"),
            ("\"본문\"", "\"본문\"과"),
            ("본문(3바이트)", "본문(3바이트)과"),
            ("/run/site.sock", "/run/site.sock과(와)"),
            ("…", "…과(와)"),
        ] {
            assert_eq!(AND.after(word, Language::Korean), with);
            assert_eq!(AND.after(word, Language::English), word);
        }
        for (particle, consonant, vowel) in [(TOPIC, "8은", "9는"), (SUBJECT, "8이", "9가"), (OBJECT, "8을", "9를")]
        {
            assert_eq!(particle.after(8, Language::Korean), consonant);
            assert_eq!(particle.after(9, Language::Korean), vowel);
        }
    }
}
