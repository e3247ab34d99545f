//! The site's recorded runs: each experiment's question, its drawing and what
//! it showed, as a page that needs no script.

use super::experiment::Experiment;
use super::perform::Outcome;
use super::report::kernel;
use crate::escape::html;
use crate::language::Language;
use crate::language::sentence::{Text, text};
use std::fmt::Write;
use std::time::SystemTime;

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

/// One page with all of them; drawings lie in `lab/` beside it.
pub(super) fn page(done: &[(&Experiment, Outcome)], language: Language) -> String {
    let (code, other, other_page, home, ending) = match language {
        Language::English => ("en", "한국어", "/lab/ko.html", "/", "svg"),
        Language::Korean => ("ko", "English", "/lab/", "/ko/", "ko.svg"),
    };
    let date = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let day = date.split('T').next().unwrap_or_default();
    let recorded = recorded_on(day, &kernel(), language);
    let title = TITLE.of(language);
    let mut page = format!(
        "<!DOCTYPE html>\n<!-- Made by glasshttp lab --record; edit src/lab instead. -->\n<html lang=\"{code}\">\n<head>\n\
         <meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title} – glasshttp</title>\n\
         <link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\">\n<link rel=\"stylesheet\" href=\"/style.css\">\n\
         </head>\n<body>\n<a class=\"skip\" href=\"#content\">{title}</a>\n<header class=\"top\">\n  <a class=\"brand\" href=\"{home}\">\
         <img src=\"/favicon.svg\" width=\"30\" height=\"30\" alt=\"\"> glasshttp</a>\n  <a href=\"{other_page}\">{other}</a>\n\
         </header>\n<main id=\"content\" class=\"alone\">\n<h1>{title}</h1>\n<p class=\"lead\">{}</p>\n<p>{recorded}</p>\n",
        LEAD.of(language)
    );
    for (number, (experiment, outcome)) in (1..).zip(done) {
        // Writing to a String does not fail.
        let _ = entry(&mut page, number, experiment, outcome, language, ending);
    }
    let _ = write!(page, "<p><a href=\"{home}\">{}</a></p>\n</main>\n</body>\n</html>\n", HOME.of(language));
    page
}

/// When and where a run was recorded, as a sentence.
pub(super) fn recorded_on(day: &str, kernel: &str, language: Language) -> String {
    match language {
        Language::English => format!("Recorded {day} on {kernel}, not on your machine."),
        Language::Korean => format!("{day}에 {kernel}에서 기록한 것이며, 보고 계신 컴퓨터의 것이 아닙니다."),
    }
}

fn entry(
    page: &mut String,
    number: u8,
    experiment: &Experiment,
    outcome: &Outcome,
    language: Language,
    ending: &str,
) -> std::fmt::Result {
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
    match &outcome.conclusion {
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
        "<figure class=\"wide\"><img src=\"/lab/{name}.{ending}\" loading=\"lazy\" alt=\"{title}\"></figure>\n</details>\n</section>"
    )
}
