//! As much of WebDriver (w3.org/TR/webdriver2) as the tests need: JSON over
//! HTTP to chromedriver, a connection for each command.

use crate::harness::PATIENCE;
use serde_json::{Value, json};
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How often chromedriver may fail to find a port.
const ATTEMPTS: usize = 5;

/// A headless Chromium; it is ended when dropped.
pub struct Browser {
    driver: Driver,
    session: String,
    /// Its profile: new, and gone afterwards.
    _profile: TempDir,
}

struct Driver {
    child: Child,
    port: u16,
    /// Open, so that it can print.
    _stdout: BufReader<ChildStdout>,
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Ends its browsers, which would outlive it; by then it may have ended, too.
        let _ = self.command("GET", "/shutdown", None);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Driver {
    /// Starts it on a port that it chooses. It chooses one that is free on one
    /// address family, and ends if it is taken on the other: then it chooses again.
    fn start() -> Self {
        (0..ATTEMPTS).find_map(|_| Self::attempt()).expect("chromedriver finds a port")
    }

    /// Starts it, and reads its port.
    fn attempt() -> Option<Self> {
        let mut command = Command::new("chromedriver");
        let mut child = command.arg("--port=0").stdout(Stdio::piped()).spawn().expect("chromedriver starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let port_in =
            |line: &str| line.split("successfully on port ").nth(1)?.trim().trim_end_matches('.').parse().ok();
        let port = loop {
            let mut line = String::new();
            if stdout.read_line(&mut line).expect("a line") == 0 {
                child.wait().expect("our own child");
                return None;
            }
            if let Some(port) = port_in(&line) {
                break port;
            }
        };
        Some(Self { child, port, _stdout: stdout })
    }

    /// One command: its value, or what went wrong.
    fn command(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let request =
            format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let exchange = || {
            let mut socket = TcpStream::connect_timeout(&(Ipv4Addr::LOCALHOST, self.port).into(), PATIENCE)?;
            // A browser takes its time to start.
            socket.set_read_timeout(Some(Duration::from_secs(60)))?;
            socket.set_write_timeout(Some(PATIENCE))?;
            socket.write_all(request.as_bytes())?;
            read_response(BufReader::new(socket))
        };
        let response = exchange().map_err(|error| error.to_string())?;
        let mut response: Value = serde_json::from_slice(&response).map_err(|error| error.to_string())?;
        let value = response["value"].take();
        if value.get("error").is_some() { Err(value["message"].to_string()) } else { Ok(value) }
    }
}

/// The body of its response: it keeps the connection, whatever it is asked.
fn read_response(mut socket: impl BufRead) -> io::Result<Vec<u8>> {
    let mut length = 0;
    for line in socket.by_ref().lines() {
        let line = line?.to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    socket.read_exact(&mut body)?;
    Ok(body)
}

impl Browser {
    pub fn start() -> Self {
        let driver = Driver::start();
        let profile = crate::harness::folder();
        let profile_flag = format!("--user-data-dir={}", profile.path().display());
        let flags = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--no-proxy-server",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1200,1400",
            &profile_flag,
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"args": flags},
        }}});
        let session = driver.command("POST", "/session", Some(&wanted)).expect("a browser");
        let session = format!("/session/{}", session["sessionId"].as_str().expect("a name"));
        Self { driver, session, _profile: profile }
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let response = self.driver.command("POST", &format!("{}/{path}", self.session), Some(body));
        response.unwrap_or_else(|error| panic!("{path} {body}: {error}"))
    }

    /// Opens the address: returns when the page has loaded.
    pub fn open(&self, url: &str) {
        self.post("url", &json!({"url": url}));
    }

    /// What the script returns.
    pub fn run(&self, script: &str, arguments: &[Value]) -> Value {
        self.post("execute/sync", &json!({"script": script, "args": arguments}))
    }

    /// Waits until the expression is true in the page.
    pub fn wait_until(&self, expression: &str, arguments: &[Value]) {
        let begun = Instant::now();
        while self.run(&format!("return !!({expression})"), arguments) != json!(true) {
            assert!(begun.elapsed() < PATIENCE, "never true: {expression} {arguments:?}");
        }
    }

    /// Clicks on the element that the expression names, as a user would.
    pub fn click(&self, expression: &str, arguments: &[Value]) {
        let id = self.element(expression, arguments);
        self.post(&format!("element/{id}/click"), &json!({}));
    }

    /// Types into the element that the expression names; keys without a letter
    /// have numbers of their own (w3.org/TR/webdriver2 §15.4.2). To an input for
    /// files it is the path of the one that is chosen.
    pub fn type_into(&self, expression: &str, text: &str) {
        let id = self.element(expression, &[]);
        self.post(&format!("element/{id}/value"), &json!({"text": text}));
    }

    fn element(&self, expression: &str, arguments: &[Value]) -> String {
        let element = self.run(&format!("return {expression}"), arguments);
        let id = element.as_object().and_then(|object| object.values().next()).and_then(Value::as_str);
        id.unwrap_or_else(|| panic!("{expression} {arguments:?}: there is none")).to_owned()
    }

    /// A command of the browser's own protocol, for what WebDriver has no word.
    pub fn command(&self, command: &str, parameters: &Value) {
        self.post("goog/cdp/execute", &json!({"cmd": command, "params": parameters}));
    }

    /// What the console showed since it was asked last.
    pub fn console(&self) -> Vec<String> {
        let entries = self.post("se/log", &json!({"type": "browser"}));
        entries.as_array().expect("a list").iter().map(Value::to_string).collect()
    }

    /// Shows it by day or by night, as wide and as high as this.
    pub fn emulate(&self, scheme: &str, width: u32, height: u32) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.command("Emulation.setEmulatedMedia", &features);
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        self.command("Emulation.setDeviceMetricsOverride", &size);
        let is_dark = "matchMedia('(prefers-color-scheme: dark)').matches === arguments[0]";
        self.wait_until(is_dark, &[json!(scheme == "dark")]);
        self.wait_until("innerWidth === arguments[0]", &[json!(width)]);
    }

    /// The page on paper, as PDF.
    pub fn print(&self) -> Vec<u8> {
        let paper = self.post("print", &json!({"background": true}));
        decode_base64(paper.as_str().expect("text"))
    }

    /// What is to be seen, as PNG.
    pub fn screenshot(&self) -> Vec<u8> {
        let path = format!("{}/screenshot", self.session);
        let picture = self.driver.command("GET", &path, None).expect("a picture");
        decode_base64(picture.as_str().expect("text"))
    }
}

fn decode_base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let sextets: Vec<u32> = text
        .bytes()
        .filter_map(|byte| DIGITS.iter().position(|&digit| digit == byte))
        .map(|position| position as u32)
        .collect();
    let bytes = sextets.chunks(4).flat_map(|chunk| {
        let bits = chunk.iter().enumerate().fold(0, |bits, (index, sextet)| bits | sextet << (18 - 6 * index));
        bits.to_be_bytes().into_iter().skip(1).take(chunk.len() - 1)
    });
    bytes.collect()
}
