//! From Markdown to cases.

/// What a document promises of one connection.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) heading: String,
    pub(super) exchanges: Vec<Exchange>,
    /// Whether the connection can be used again afterwards.
    pub(super) reuse: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Exchange {
    pub(super) request: Vec<u8>,
    pub(super) expected: Expected,
}

/// What a response must be.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    /// As written in the document.
    pub(super) text: String,
    /// `None`: a response of HTTP/0.9, without a head.
    pub(super) status_line: Option<String>,
    pub(super) present: Vec<(String, String)>,
    pub(super) absent: Vec<String>,
    pub(super) body: Body,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Body {
    Any,
    Some,
    None,
    Exactly(Vec<u8>),
}

/// Gives a field (`etag`, `modified`) of the file at a path.
pub(super) type Lookup<'a> = &'a dyn Fn(&str, &str) -> String;

/// All cases of a document.
pub(super) fn cases(text: &str, lookup: Lookup<'_>) -> Vec<Case> {
    text.split("\n## ").skip(1).map(|section| case(section, lookup)).collect()
}

fn case(section: &str, lookup: Lookup<'_>) -> Case {
    let (heading, rest) = section.split_once('\n').expect("a heading and its case");
    let mut exchanges = Vec::new();
    let mut request = None;
    let mut reuse = None;
    let mut lines = rest.lines();
    while let Some(line) = lines.next() {
        match line {
            "```request" => request = Some(bytes(&block(&mut lines), lookup)),
            "```response" => {
                let request = request.take().unwrap_or_else(|| panic!("{heading}: a response without a request"));
                exchanges.push(Exchange { request, expected: expected(&block(&mut lines), lookup) });
            }
            "Then: reuse" => reuse = Some(true),
            "Then: close" => reuse = Some(false),
            _ => assert!(!line.starts_with("```"), "{heading}: a block that is neither request nor response"),
        }
    }
    assert!(request.is_none() && !exchanges.is_empty(), "{heading}: requests and responses come in pairs");
    let reuse = reuse.unwrap_or_else(|| panic!("{heading}: reuse or close?"));
    Case { heading: heading.to_owned(), exchanges, reuse }
}

fn block<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    lines.take_while(|line| *line != "```").collect()
}

/// The bytes of a request block.
fn bytes(lines: &[&str], lookup: Lookup<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in lines {
        if let Some(line) = line.strip_suffix('\\') {
            bytes.extend(unescaped(line, lookup));
        } else {
            bytes.extend(unescaped(line, lookup));
            if !line.ends_with("\\n") {
                bytes.extend(b"\r\n");
            }
        }
    }
    bytes
}

fn unescaped(text: &str, lookup: Lookup<'_>) -> Vec<u8> {
    let Some((before, after)) = text.split_once('\\') else {
        return text.as_bytes().to_vec();
    };
    let (bytes, rest) = match after.as_bytes().first() {
        Some(b'r') => (b"\r".to_vec(), &after[1..]),
        Some(b'n') => (b"\n".to_vec(), &after[1..]),
        Some(b't') => (b"\t".to_vec(), &after[1..]),
        Some(b'0') => (b"\0".to_vec(), &after[1..]),
        Some(b'\\') => (b"\\".to_vec(), &after[1..]),
        Some(b'x') => (vec![u8::from_str_radix(&after[1..3], 16).expect("two hexadecimal digits")], &after[3..]),
        Some(b'{') => {
            let (inner, rest) = after[1..].split_once('}').expect("a closing brace");
            (placeholder(inner, lookup), rest)
        }
        _ => panic!("an unknown escape: {text}"),
    };
    [before.as_bytes(), &bytes, &unescaped(rest, lookup)].concat()
}

fn placeholder(inner: &str, lookup: Lookup<'_>) -> Vec<u8> {
    if let Some((repeated, count)) = inner.rsplit_once('*') {
        return unescaped(repeated, lookup).repeat(count.parse().expect("how often"));
    }
    let (field, path) = inner.split_once(' ').expect("a field and a path");
    lookup(field, path).into_bytes()
}

fn expected(lines: &[&str], lookup: Lookup<'_>) -> Expected {
    let head_end = lines.iter().position(|line| line.is_empty());
    let (head, body) = lines.split_at(head_end.unwrap_or(lines.len()));
    let mut fields = head.iter();
    let mut expected = Expected {
        text: lines.join("\n"),
        status_line: fields.next().map(|line| (*line).to_owned()),
        present: Vec::new(),
        absent: Vec::new(),
        body: match body {
            [] => Body::Any,
            ["", "(some body)"] => Body::Some,
            ["", "(no body)"] => Body::None,
            [_, lines @ ..] => Body::Exactly(unescaped(&lines.join("\n"), lookup)),
        },
    };
    for field in fields {
        match (field.strip_prefix('!'), field.split_once(": ")) {
            (Some(name), _) => expected.absent.push(name.to_owned()),
            (None, Some((name, value))) => {
                let value = String::from_utf8(unescaped(value, lookup)).expect("a value in UTF-8");
                expected.present.push((name.to_owned(), value));
            }
            (None, None) => panic!("neither Name: value nor !Name: {field}"),
        }
    }
    expected
}

#[test]
fn escapes_mean_what_the_documents_say() {
    let lookup = |field: &str, path: &str| format!("<{field} of {path}>");
    let bytes = bytes(&["A: \\{b\\t*2}\\xff\\{etag /x}", "", "c\\n", "d\\"], &lookup);
    assert_eq!(bytes, b"A: b\tb\t\xff<etag of /x>\r\n\r\nc\nd");
}
