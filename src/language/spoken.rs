//! Which language it is: by a tag, or by the environment.

/// A language.
///
/// Exhaustive on purpose: the compiler asks for all that is said when there is a third.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Korean.
    Korean,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::Korean];

    /// Its tag (BCP 47), as in HTML's `lang` and after `--lang`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Korean => "ko",
        }
    }

    /// The language of this tag.
    pub fn of_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// The language that the environment asks for.
    pub fn of_environment() -> Self {
        Self::of_locale(|name| std::env::var_os(name)?.into_string().ok())
    }

    /// The language of messages (POSIX.1-2024, Base Definitions §8.2): the first
    /// of these variables that is not empty decides; a locale in another language
    /// than ours, `C` and `POSIX` mean English.
    fn of_locale(variable: impl Fn(&str) -> Option<String>) -> Self {
        let decides = |name| variable(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(decides).unwrap_or_default();
        // language[_territory][.codeset][@modifier]; BCP 47 has a hyphen for the underscore.
        let language = locale.split(['_', '-', '.', '@']).next().unwrap_or_default();
        Self::of_tag(&language.to_ascii_lowercase()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Language {
        Language::of_locale(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_locale_names_its_language_first() {
        for korean in ["ko", "ko_KR", "ko_KR.UTF-8", "ko_KR.eucKR", "ko@x", "ko-KR", "KO_kr"] {
            assert_eq!(of(&[("LANG", korean)]), Language::Korean, "{korean}");
        }
        for english in ["C", "POSIX", "C.UTF-8", "en_US.UTF-8", "en", "de_DE.UTF-8", "kok_IN", "", "korean"] {
            assert_eq!(of(&[("LANG", english)]), Language::English, "{english}");
        }
        assert_eq!(of(&[]), Language::English);
    }

    #[test]
    fn the_first_variable_that_is_not_empty_decides() {
        assert_eq!(of(&[("LC_ALL", "C"), ("LC_MESSAGES", "ko"), ("LANG", "ko")]), Language::English);
        assert_eq!(of(&[("LC_ALL", ""), ("LC_MESSAGES", "ko"), ("LANG", "C")]), Language::Korean);
        assert_eq!(of(&[("LC_ALL", ""), ("LC_MESSAGES", ""), ("LANG", "ko_KR.UTF-8")]), Language::Korean);
        assert_eq!(of(&[("LC_ALL", "ko"), ("LANG", "C")]), Language::Korean);
        assert_eq!(of(&[("LC_CTYPE", "ko_KR.UTF-8")]), Language::English);
    }
}
