//! The site's recorded runs: read from their documents; each experiment's question, its
//! drawing and what it showed, as a page that needs no script.

use super::experiment::{Conclusion, Experiment};
use super::run::Run;
use crate::escape::html;
use crate::language::Language;
use crate::language::sentence::{Sentence, Text, text};
use crate::lesson;
use crate::packet::rule::Conditions;
use serde::Deserialize;
use std::fmt::Write;
use std::path::Path;

const TITLE: Text = text("Experiments on a wire", "전선 위의 실험");
const LEAD: Text = text(
    "Questions about TCP and UDP. Predict, then open the run: every segment as it left and as it arrived. \
     With glasshttp you run each one yourself, without root, and change what the wire does.",
    "TCP와 UDP에 관한 질문입니다. 먼저 예상해 보고, 그다음 실행 기록을 펼쳐 보세요. 모든 세그먼트가 나간 때와 도착한 때가 있습니다. \
     glasshttp가 있으면 root 권한 없이 직접 실행하고, 전선이 하는 일을 바꿀 수 있습니다.",
);
const OPEN: Text = text("The recorded run", "실행 기록 보기");
const MEASURED: Text = text("Measured:", "측정한 답:");
const HOME: Text = text("Back to the cycle", "처음 화면으로");
const DIFFERENT: Text =
    text("In this run it came out differently: see the drawing.", "이 실행에서는 다르게 나왔습니다. 그림을 보세요.");

/// An experiment, and its recorded run.
pub(super) struct Recorded {
    pub(super) number: u8,
    pub(super) experiment: &'static Experiment,
    pub(super) run: Recording,
}

/// What a recorded run's document says.
#[derive(Deserialize)]
pub(super) struct Recording {
    date: String,
    kernel: String,
    measured: Option<char>,
    sentences: Vec<RecordedSentence>,
    pub(super) acts: Vec<Run>,
}

#[derive(Deserialize)]
struct RecordedSentence {
    en: String,
    ko: String,
}

impl Recording {
    /// What this document says; nothing, if it is none.
    pub(super) fn read(document: &[u8]) -> Option<Self> {
        let mut recording: Self = serde_json::from_slice(document).ok()?;
        for run in &mut recording.acts {
            run.conditions = Conditions::parse(&run.wire).ok()?;
        }
        Some(recording)
    }

    /// What was concluded, if anything.
    pub(super) fn conclusion(&self) -> Option<Conclusion> {
        let choice = self.measured.filter(char::is_ascii_lowercase)? as usize - 'a' as usize;
        let why = self.sentences.iter().map(|one| Sentence { en: one.en.clone(), ko: one.ko.clone() }).collect();
        Some(Conclusion { choice, why })
    }

    /// When and where it was recorded, as a sentence.
    pub(super) fn when_and_where(&self, language: Language) -> String {
        let (day, kernel) = (self.date.split('T').next().unwrap_or_default(), &self.kernel);
        match language {
            Language::English => format!("Recorded {day} on {kernel}, not on your machine."),
            Language::Korean => format!("{day}에 {kernel}에서 기록한 것이며, 보고 계신 컴퓨터의 것이 아닙니다."),
        }
    }
}

/// Where a page of recorded runs lies, with their drawings beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Surroundings {
    /// In a site like the built-in one, whose start, style and icon are in the folder above.
    Site,
    /// By itself: it has its style with it, and no way to a start.
    Alone,
}

impl Surroundings {
    /// That of this folder.
    pub(super) fn of(folder: &Path) -> Self {
        let has = |name: &str| folder.join("..").join(name).is_file();
        if ["index.html", "style.css", "favicon.svg"].into_iter().all(has) { Self::Site } else { Self::Alone }
    }

    fn style(self) -> String {
        match self {
            Self::Site => "<link rel=\"icon\" href=\"../favicon.svg\" type=\"image/svg+xml\">\n\
                           <link rel=\"stylesheet\" href=\"../style.css\">\n"
                .into(),
            Self::Alone => {
                let style =
                    lesson::file("style.css").map_or_else(String::new, |style| String::from_utf8_lossy(style).into());
                format!("<link rel=\"icon\" href=\"data:,\">\n<style>\n{style}</style>\n")
            }
        }
    }

    fn brand(self, home: &str) -> String {
        match self {
            Self::Site => format!(
                "<a class=\"brand\" href=\"{home}\"><img src=\"../favicon.svg\" width=\"30\" height=\"30\" alt=\"\"> glasshttp</a>"
            ),
            Self::Alone => "<span class=\"brand\">glasshttp</span>".into(),
        }
    }
}

/// One page with these. Its links are relative: it is shown wherever its folder is.
pub(super) fn page<'a>(
    recorded: impl Iterator<Item = &'a Recorded>,
    around: Surroundings,
    language: Language,
) -> String {
    let (code, other, other_page, home, ending) = match language {
        Language::English => ("en", "한국어", "ko.html", "../", "svg"),
        Language::Korean => ("ko", "English", "index.html", "../ko/", "ko.svg"),
    };
    let (title, style, brand) = (TITLE.of(language), around.style(), around.brand(home));
    let mut page = format!(
        "<!DOCTYPE html>\n<!-- Made by glasshttp lab --record; edit src/lab instead. -->\n<html lang=\"{code}\">\n<head>\n\
         <meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title} – glasshttp</title>\n{style}\
         </head>\n<body>\n<a class=\"skip\" href=\"#content\">{title}</a>\n<header class=\"top\">\n  {brand}\n  \
         <a href=\"{other_page}\">{other}</a>\n</header>\n<main id=\"content\" class=\"alone\">\n<h1>{title}</h1>\n\
         <p class=\"lead\">{}</p>\n",
        LEAD.of(language)
    );
    for one in recorded {
        // Writing to a String does not fail.
        let _ = entry(&mut page, one, language, ending);
    }
    if around == Surroundings::Site {
        let _ = writeln!(page, "<p><a href=\"{home}\">{}</a></p>", HOME.of(language));
    }
    page + "</main>\n</body>\n</html>\n"
}

fn entry(page: &mut String, recorded: &Recorded, language: Language, ending: &str) -> std::fmt::Result {
    let Recorded { number, experiment, run } = recorded;
    let (name, title) = (experiment.name, html(experiment.title.of(language)));
    writeln!(
        page,
        "<section id=\"{name}\">\n<h2><span class=\"number\">{number}</span>{title}</h2>\n<p>{}</p>\n<ol type=\"a\">",
        html(experiment.question.of(language))
    )?;
    for choice in experiment.choices {
        writeln!(page, "<li>{}</li>", html(choice.of(language)))?;
    }
    writeln!(
        page,
        "</ol>\n<div class=\"command\"><pre><code>glasshttp lab {name}</code></pre></div>\n<details>\n<summary>{}</summary>",
        OPEN.of(language)
    )?;
    writeln!(page, "<p>{}</p>", html(&run.when_and_where(language)))?;
    match run.conclusion() {
        Some(conclusion) => {
            let letter = (b'a' + conclusion.choice as u8) as char;
            let choice = experiment.choices.get(conclusion.choice).map_or("", |choice| choice.of(language));
            writeln!(page, "<p><strong>{} {letter}. {}</strong></p>", MEASURED.of(language), html(choice))?;
            for sentence in &conclusion.why {
                writeln!(page, "<p>{}</p>", html(sentence.of(language)))?;
            }
        }
        None => writeln!(page, "<p>{}</p>", DIFFERENT.of(language))?,
    }
    writeln!(
        page,
        "<figure class=\"wide\"><img src=\"{name}.{ending}\" loading=\"lazy\" alt=\"{title}\"></figure>\n</details>\n</section>"
    )
}

/// A run of the site's own.
#[cfg(test)]
pub(super) fn in_the_folder(name: &str) -> Recording {
    let path = format!("{}/public/lab/{name}.json", env!("CARGO_MANIFEST_DIR"));
    Recording::read(&std::fs::read(path).expect("a recorded run")).expect("a document")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::drawing::svg;
    use crate::lab::experiments::numbered;
    use crate::lab::report::Source;

    /// Checks that this file is as the program writes it, and writes it where that is asked for.
    fn is_kept(name: &str, text: &str) {
        let path = format!("{}/public/lab/{name}", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("GLASSHTTP_RENEW").is_some() {
            std::fs::write(&path, text).expect("written");
        }
        let kept = std::fs::read_to_string(&path).expect("a file");
        assert!(kept == text, "{path} is stale: GLASSHTTP_RENEW=1 cargo test --lib lab::recorded");
    }

    #[test]
    fn drawings_and_pages_in_the_folder_are_those_of_its_runs() {
        let runs: Vec<Recorded> = numbered()
            .map(|(number, experiment)| Recorded { number, experiment, run: in_the_folder(experiment.name) })
            .collect();
        for (language, drawing, page) in
            [(Language::English, "svg", "index.html"), (Language::Korean, "ko.svg", "ko.html")]
        {
            for Recorded { experiment, run, .. } in &runs {
                let drawn = svg::draw(Source::Experiment(experiment), &run.acts, language);
                is_kept(&format!("{}.{drawing}", experiment.name), &drawn);
            }
            is_kept(page, &super::page(runs.iter(), Surroundings::Site, language));
        }
    }
}
