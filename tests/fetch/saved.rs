//! `fetch --json`, shown again by `glasshttp show`.

use super::joined::watched;
use super::peer::Peer;
use super::{fetch, run};
use crate::closing::folder_with;
use crate::harness::{Server, glasshttp};
use std::fs;
use std::io::{Read, Write};

/// What `show` prints of a file with these bytes, in this language; its complaint; and whether it ended well.
fn show(bytes: &[u8], language: &str) -> (String, String, bool) {
    let folder = crate::harness::folder();
    let file = folder.path().join("saved.json");
    fs::write(&file, bytes).expect("a file");
    let run = run(glasshttp().args(["--lang", language, "show"]).arg(&file));
    (run.text(), run.stderr, run.code == 0)
}

#[test]
fn a_run_is_shown_again_in_either_language() {
    let (folder, _) = folder_with(0);
    let server = Server::start(folder.path(), &[]);
    let saved = fetch(&["--json", &format!("{}small.txt", server.url), &format!("{}missing", server.url)]);
    for (language, words) in [
        ("en", ["Times since start", " open    after ", "head    HTTP/1.0 404 Not Found", "the server closed"]),
        ("ko", ["시간은 시작부터", " 연결됨  ", "헤더    HTTP/1.0 404 Not Found", "연결 유지를 요청하지 않았습니다"]),
    ] {
        let (story, complaint, is_well) = show(&saved.stdout, language);
        assert!(is_well && complaint.is_empty(), "{complaint}");
        assert_eq!(story.matches(&format!("  {}", server.url)).count(), 2, "{story}");
        for word in &words[..3] {
            assert!(story.contains(word), "{word}: {story}");
        }
    }
}

#[test]
fn both_halves_are_shown_again_side_by_side() {
    let (folder, _) = folder_with(0);
    let (server, page) = watched(folder.path(), "multiplex");
    let saved = fetch(&["--json", "--watch", &page, &format!("{}small.txt", server.url)]);
    let (story, complaint, _) = show(&saved.stdout, "en");
    assert!(story.contains("client") && story.contains("server (multiplex, connection 1)"), "{story}{complaint}");
}

#[test]
fn what_failed_says_so_again() {
    let peer = Peer::responding("HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nab");
    let saved = fetch(&["--json", &peer.url("/"), "http://127.0.0.1:1/"]);
    let (english, ..) = show(&saved.stdout, "en");
    let (korean, ..) = show(&saved.stdout, "ko");
    for (story, words) in [(&english, ["error: ", "2 of", "refused"]), (&korean, ["오류: ", "2바이트", "거부"])]
    {
        for word in words {
            assert!(story.contains(word), "{word}: {story}");
        }
    }
}

#[test]
fn logs_and_runs_may_stand_in_one_file_and_what_is_neither_is_named() {
    let (folder, _) = folder_with(0);
    let server = Server::start(folder.path(), &[]);
    let saved = fetch(&["--json", &format!("{}small.txt", server.url)]).stdout;
    let compact: serde_json::Value = serde_json::from_slice(&saved).expect("JSON");
    let both = [&saved[..], format!("{compact}\n\n").as_bytes(), b"{\"left_out\":{\"connections\":1}}\n"].concat();
    let (story, complaint, is_well) = show(&both, "en");
    assert!(is_well && story.matches("#1  http://").count() == 2, "{complaint}{story}");
    let (story, complaint, is_well) = show(&[&both[..], b"hello\n"].concat(), "en");
    assert!(!is_well && story.matches("#1  http://").count() == 2, "{complaint}{story}");
    let [missing, bad] = complaint.lines().collect::<Vec<_>>()[..] else { panic!("{complaint}") };
    assert!(missing.starts_with("warning: 1 connection not recorded: "), "{missing}");
    assert!(bad.contains("is not a record; name a file that"), "{bad}");
    for (bytes, words) in [
        (&b"{\"glasshttp_fetch\": 1}\n"[..], "is of version 1, which this glasshttp does not read"),
        (
            b"{\n  \"log\": {}\n}\n",
            "holds no record; name a file that glasshttp --log json or glasshttp fetch --json wrote",
        ),
        (b"", "holds no record"),
    ] {
        let (_, complaint, is_well) = show(bytes, "en");
        assert!(!is_well && complaint.contains(words) && complaint.lines().count() == 1, "{complaint}");
        let (_, complaint, _) = show(bytes, "ko");
        assert!(complaint.starts_with("오류:") && complaint.contains("세요"), "{complaint}");
    }
}

#[test]
fn a_run_of_the_lab_is_told_from_a_record_and_what_shows_it_is_named() {
    let folder = crate::harness::folder();
    let file = folder.path().join("close.json");
    fs::write(&file, r#"{"experiment":"close","number":14,"acts":[]}"#).expect("a file");
    let complaint = |language| {
        let run = run(glasshttp().args(["--lang", language, "show"]).arg(&file));
        (run.code, run.stderr)
    };
    let (code, said) = complaint("en");
    assert!(
        code != 0 && said.ends_with("a run of the lab, not a record; to see a new one: glasshttp lab close\n"),
        "{said}"
    );
    for (language, drawing) in [("en", "close.svg"), ("ko", "close.ko.svg")] {
        let drawing = folder.path().join(drawing);
        fs::write(&drawing, "").expect("a file");
        let (_, said) = complaint(language);
        assert!(said.trim_end().ends_with(&format!(": {}", drawing.display())), "{said}");
    }
}

#[test]
fn what_is_withheld_changes_no_count_of_bytes() {
    let peer = Peer::responding("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok");
    for field in ["Cookie: a".to_owned(), format!("Authorization: Bearer {}", "x".repeat(400))] {
        let saved = fetch(&["--json", "-H", &field, &peer.url("/")]);
        let (story, complaint, is_well) = show(&saved.stdout, "en");
        let exchange = &saved.record()["transfers"][0]["exchange"];
        let length = &exchange["traffic"]["request"];
        assert!(is_well && story.contains(&format!("{length} bytes")), "{length}: {complaint}{story}");
        assert!(!story.contains(&format!("{length} of ")), "{length}: {story}");
        assert_eq!(&exchange["request_head"], length);
        let mut older = saved.record();
        older["transfers"][0]["exchange"].as_object_mut().expect("an object").remove("request_head");
        assert!(show(older.to_string().as_bytes(), "en").2, "files without it are read");
    }
    // A request that was cut is no whole one, however short its head is shown.
    let hasty = Peer::start(|_, stream| {
        stream.read_exact(&mut [0; 100]).expect("it drips");
        stream.write_all(b"HTTP/1.0 400 No\r\nContent-Length: 0\r\n\r\n").expect("the client reads");
        super::peer::end(stream);
    });
    let field = format!("Authorization: Bearer {}", "x".repeat(400));
    let saved = fetch(&["--json", "--dribble", "5ms", "-H", &field, &hasty.url("/")]);
    let exchange = &saved.record()["transfers"][0]["exchange"];
    let sent = exchange["traffic"]["request"].as_u64().expect("bytes");
    let length = exchange["request_head"].as_u64().expect("bytes");
    let (story, ..) = show(&saved.stdout, "en");
    assert!(sent < length && story.contains(&format!("{sent} of {length} bytes")), "{story}");
}
