//! The man pages: a page for the program and for each of its commands, in both languages.
//! What --help says stands in them; what concerns all of them is added at the end.

use super::{is_kept_as, place, quiet};
use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use glasshttp::cli::Args;
use glasshttp::language::Language;
use std::fs;

/// Titles of sections: what clap_mangen or --help calls them, and what they are called here.
const TITLES: &[(&str, &str, &str)] = &[
    ("NAME", "NAME", "이름"),
    ("SYNOPSIS", "SYNOPSIS", "사용법"),
    ("DESCRIPTION", "DESCRIPTION", "설명"),
    ("OPTIONS", "OPTIONS", "옵션"),
    ("SUBCOMMANDS", "COMMANDS", "명령"),
    ("EXIT STATUS", "EXIT STATUS", "종료 코드"),
    ("EXAMPLES", "EXAMPLES", "예"),
    ("ENVIRONMENT", "ENVIRONMENT", "환경 변수"),
    ("SIGNALS", "SIGNALS", "시그널"),
    ("NOTES", "NOTES", "참고"),
    ("SEE ALSO", "SEE ALSO", "관련 문서"),
];

/// How roff is given an apostrophe that stays one.
const APOSTROPHE: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";

/// What the program's own page says beyond --help: a section, a term, what it means.
const OF_THE_PROGRAM: &[(&str, &str, &str, &str)] = &[
    ("EXIT STATUS", "0", "Success; also after Ctrl-C or SIGTERM.", "성공. Ctrl-C나 SIGTERM으로 끝낸 때에도."),
    ("EXIT STATUS", "1", "Failure, in one line on standard error.", "실패. 이유는 표준 오류의 한 줄."),
    ("EXIT STATUS", "2", "The command line is invalid.", "잘못된 명령줄."),
    (
        "ENVIRONMENT",
        "LC_ALL, LC_MESSAGES, LANG",
        "The first that is not empty chooses the language, unless --lang does.",
        "--lang이 없으면 이 가운데 비어 있지 않은 첫 번째가 언어를 정합니다.",
    ),
    ("ENVIRONMENT", "NO_COLOR", "If it is set, nothing is colored.", "설정되어 있으면 색을 쓰지 않습니다."),
    (
        "ENVIRONMENT",
        "LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES",
        "Listening sockets that a service manager hands over: site and watch are their names.",
        "서비스 관리자가 넘겨주는 듣기 소켓. 이름은 site와 watch.",
    ),
    (
        "ENVIRONMENT",
        "NOTIFY_SOCKET",
        "Where a service manager is told that the server is ready, and that it stops.",
        "서버가 준비되었다는 것과 멈춘다는 것을 서비스 관리자에게 알리는 곳.",
    ),
    (
        "SIGNALS",
        "SIGINT, SIGTERM",
        "Finish the responses under way, then exit; a second one ends at once.",
        "진행 중인 응답을 마치고 끝냅니다. 두 번째 시그널은 바로 끝냅니다.",
    ),
];

/// The file and the text of each page in this language.
fn pages(language: Language) -> Vec<(String, String)> {
    // `help` says nothing that the pages do not.
    let mut program =
        Args::command_in(language).disable_version_flag(true).mut_subcommand("help", |help| help.hide(true));
    program.build();
    let commands: Vec<Command> =
        program.get_subcommands().filter(|command| command.get_name() != "help").cloned().collect();
    let folder = match language {
        Language::English => "dist/man",
        Language::Korean => "dist/man/ko",
    };
    let all = commands.iter().map(|command| command.get_name().to_owned()).collect::<Vec<_>>();
    [program].into_iter().chain(commands).map(|command| page(command, &all, folder, language)).collect()
}

fn page(command: Command, commands: &[String], folder: &str, language: Language) -> (String, String) {
    let name = command.get_display_name().unwrap_or("glasshttp").to_owned();
    let is_program = name == "glasshttp";
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").to_owned();
    let help = command.clone().render_long_help().to_string();
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let headings: Vec<String> =
        command.get_arguments().filter_map(|argument| argument.get_help_heading()).map(str::to_owned).collect();
    let man = Man::new(command.override_usage(usage));

    let mut made = title(&name).into_bytes();
    man.render_name_section(&mut made).expect("a name");
    man.render_synopsis_section(&mut made).expect("a synopsis");
    match description(&help) {
        Some(text) => made.extend(prose("DESCRIPTION", &text).into_bytes()),
        None => man.render_description_section(&mut made).expect("a description"),
    }
    let mut options = Vec::new();
    man.render_options_section(&mut options).expect("options");
    made.extend(grouped(&String::from_utf8(options).expect("UTF-8").replace(APOSTROPHE, ""), &headings).into_bytes());
    if is_program {
        man.render_subcommands_section(&mut made).expect("commands");
    }
    made.extend(after_help(&after).into_bytes());
    if is_program {
        made.extend(of_the_program(language).into_bytes());
    }
    let others: Vec<String> = [None].into_iter().chain(commands.iter().map(Some)).map(page_name).collect();
    let others = others.into_iter().filter(|other| *other != format!("{name}(1)")).collect::<Vec<_>>();
    made.extend(prose("SEE ALSO", &others.join(", ")).into_bytes());
    let text = titled(&String::from_utf8(made).expect("UTF-8"), language);
    (format!("{folder}/{name}.1"), text)
}

/// The page's first line; its date is that of the newest version.
fn title(name: &str) -> String {
    let changes = fs::read_to_string(place("CHANGELOG.md")).expect("what changed");
    let newest = changes.lines().find_map(|line| line.strip_prefix("## ")).expect("a version");
    let (version, date) = newest.split_once(" – ").expect("a version and its date");
    assert_eq!(version, env!("CARGO_PKG_VERSION"), "CHANGELOG.md begins with this version");
    format!(".TH {} 1 {date} \"glasshttp {version}\"\n.ad l\n", name.to_uppercase())
}

fn page_name(command: Option<&String>) -> String {
    command.map_or_else(|| "glasshttp(1)".to_owned(), |command| format!("glasshttp-{command}(1)"))
}

/// The paragraphs of a help that has a description.
fn description(help: &str) -> Option<String> {
    let from = help.split_once("\nDESCRIPTION\n").or_else(|| help.split_once("\n설명\n"))?.1;
    let lines = from.lines().take_while(|line| line.is_empty() || line.starts_with(' '));
    Some(lines.map(str::trim).collect::<Vec<_>>().join("\n").trim().to_owned())
}

/// A section of paragraphs.
fn prose(title: &str, text: &str) -> String {
    let mut roff = Roff::default();
    roff.control("SH", [title]);
    for (at, paragraph) in text.split("\n\n").enumerate() {
        if at > 0 {
            roff.control("PP", []);
        }
        roff.text([roman(paragraph.replace('\n', " "))]);
    }
    roff.to_roff()
}

/// The groups of the options, below one title.
fn grouped(options: &str, headings: &[String]) -> String {
    let mut lines = Vec::new();
    for line in options.lines() {
        let title = line.strip_prefix(".SH ").map(|title| title.trim_matches('"'));
        let group = headings.iter().find(|heading| title == Some(heading.to_uppercase().as_str()));
        lines.push(group.map_or_else(|| line.to_owned(), |heading| format!(".SS \"{heading}\"")));
    }
    let has_title = lines.first().is_some_and(|line| line.starts_with(".SH"));
    let title = if has_title { "" } else { ".SH OPTIONS\n" };
    // Values one below the other, without an empty line between each and the next.
    let groups = lines.join("\n").replace(".br\n\n.br\n", ".IP\n");
    let groups = groups.replace(".RS 14", ".RS\n.PD 0").replace("\n.RE", "\n.PD\n.RE");
    format!("{title}{groups}\n")
}

/// What stands below the options in --help: sections as they are laid out, then what is left as notes.
fn after_help(text: &str) -> String {
    let (mut sections, mut notes) = (Roff::default(), Vec::new());
    for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        let (first, rest) = paragraph.split_once('\n').unwrap_or((paragraph, ""));
        let title = first.trim_end_matches(':').to_uppercase();
        let title = TITLES.iter().find(|(english, _, korean)| *english == title || *korean == title);
        match title {
            Some((english, ..)) => {
                sections.control("SH", [*english]);
                laid_out(&mut sections, rest);
            }
            None if first.starts_with(' ') => {
                sections.control("PP", []);
                laid_out(&mut sections, paragraph);
            }
            None => notes.push(paragraph),
        }
    }
    let notes = if notes.is_empty() { String::new() } else { prose("NOTES", &notes.join("\n\n")) };
    sections.to_roff() + &notes
}

/// Lines that stay lines.
fn laid_out(roff: &mut Roff, lines: &str) {
    roff.control("nf", []);
    for line in lines.lines() {
        roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
    }
    roff.control("fi", []);
}

fn of_the_program(language: Language) -> String {
    let mut roff = Roff::default();
    let mut title = "";
    for (section, term, english, korean) in OF_THE_PROGRAM {
        if *section != title {
            title = section;
            roff.control("SH", [title]);
        }
        roff.control("TP", []);
        roff.text([clap_mangen::roff::bold(*term)]);
        let meaning = match language {
            Language::English => english,
            Language::Korean => korean,
        };
        roff.text([roman(*meaning)]);
    }
    roff.to_roff()
}

/// The page with its sections' titles in this language.
fn titled(page: &str, language: Language) -> String {
    let mut lines = Vec::new();
    // Each piece of roff begins by defining its apostrophe: once is enough.
    for line in page.replace(APOSTROPHE, "").lines() {
        let title = line.strip_prefix(".SH ").map(|title| title.trim_matches('"'));
        let known = title.and_then(|title| TITLES.iter().find(|(name, ..)| *name == title));
        lines.push(match (known, language) {
            (Some((_, english, _)), Language::English) => format!(".SH \"{english}\""),
            (Some((.., korean)), Language::Korean) => format!(".SH \"{korean}\""),
            (None, _) => line.trim_end().to_owned(),
        });
    }
    format!("{APOSTROPHE}{}\n", lines.join("\n"))
}

#[test]
fn the_man_pages_say_what_the_command_line_says() {
    for language in [Language::English, Language::Korean] {
        let pages = pages(language);
        assert_eq!(pages.len(), 5, "the program, fetch, lab, lesson, show");
        for (name, text) in pages {
            is_kept_as(&name, &text);
        }
    }
}

#[test]
#[ignore = "needs mandoc and man"]
fn the_man_pages_are_well_formed_and_shown_whole() {
    for language in [Language::English, Language::Korean] {
        for (name, _) in pages(language) {
            let path = place(&name);
            let path = path.to_str().expect("UTF-8");
            quiet("mandoc", &["-T", "lint", "-W", "warning", path]);
            let shown = quiet("man", &["-l", path]);
            let last = format!("glasshttp {}", env!("CARGO_PKG_VERSION"));
            assert!(shown.contains("--help") && shown.contains(&last), "{name}: {shown}");
        }
    }
}
