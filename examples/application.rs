//! An application server: the response is computed for each request.
//!
//! The lesson: a web server that serves files and one that runs a program differ
//! in one function, the handler. Connections, protocol and models are the same.
//!
//! Run it:  cargo run --example application
//! Ask it:  glasshttp fetch http://127.0.0.1:PORT/                (with the port that it prints)
//!          glasshttp fetch -d 'name=Ada' http://127.0.0.1:PORT/  (a form by POST, as curl's -d)
//!
//! You see: a form; then a page that greets you by the name that you sent, and
//! counts its visitors.
//!
//! Try: a browser; `-d 'name=<b>Ada</b>'`, which greets and is not bold; a file of two
//! megabytes by `--data-file` (413, before any of it is read); `-X PUT` (405); JSON (415).
//!
//! In the lab: glasshttp lab cycle

use clap::Command;
use glasshttp::{Method, Model, Request, Response, Server, StatusCode, Stop};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const FORM_TYPE: &str = "application/x-www-form-urlencoded";
const FORM: &str = "<form method=post>\n<label>Your name: <input name=name></label> <button>Send</button>\n</form>";

#[allow(clippy::print_stdout)] // an example speaks to its user
fn main() -> Result<(), Box<dyn std::error::Error>> {
    Command::new("application").about("A form, and a page that is computed of what was sent").get_matches();
    let visitors = AtomicU64::new(0);
    let application = move |request: &Request<'_>| match (request.method, request.target.path, name(request.body)) {
        (Method::Get | Method::Head, "/", _) => page(FORM),
        (Method::Post, "/", _) if !request.has_type(FORM_TYPE) => {
            Response::error(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send a form, as a browser does.")
        }
        (Method::Post, "/", Some(name)) => {
            let visitor = visitors.fetch_add(1, Ordering::Relaxed) + 1;
            // What a client sends is text, whatever it looks like: it becomes no part of the page's markup.
            let name = html_escape::encode_text(&name);
            page(&format!("<h1>Hello, {name}</h1>\n<p>You are visitor {visitor}.</p>"))
        }
        (Method::Post, "/", None) => Response::error(StatusCode::BAD_REQUEST, "Send your name, as in name=Ada."),
        (_, "/", _) => Response::method_not_allowed("GET, HEAD, POST"),
        _ => Response::error(StatusCode::NOT_FOUND, "This program has only /."),
    };
    let server = Server::new(application).listen("127.0.0.1:0")?.model(Model::Thread);
    println!("Listening at {}", server.urls().join(", "));
    Ok(server.run(&Arc::new(Stop::on_signals()?))?)
}

fn name(form: &[u8]) -> Option<String> {
    let (_, name) = url::form_urlencoded::parse(form).find(|(field, _)| field == "name")?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

fn page(body: &str) -> Response {
    Response::html(StatusCode::OK, format!("<!doctype html>\n<meta charset=utf-8>\n<title>Hello</title>\n{body}\n"))
}
