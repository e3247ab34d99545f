//! A handler that has to wait: in the event loop, or beside it.
//!
//! The lesson: an event loop serves everybody with one thread, so whatever
//! blocks in it blocks everybody. A handler that must wait (for a disk, for
//! another server) hands the work to a pool of threads and says "later"; the
//! loop waits for that work as it waits for sockets, by a descriptor.
//!
//! Run it:  cargo run --example waiting
//!          cargo run --example waiting thread      (or iterative, or process)
//! Ask it:  curl http://127.0.0.1:PORT/beside & time curl http://127.0.0.1:PORT/
//!          curl http://127.0.0.1:PORT/within & time curl http://127.0.0.1:PORT/
//!
//! You see: `/beside` and `/within` both take a second. While the first is
//! under way, `/` gets its response at once; while the second is, `/` waits for it.
//!
//! Try: ask `/beside` nine times at once. Eight threads work, the ninth waits
//! for one; with a hundred, some are turned away, at once, by a 503.
//!
//! In the lab: glasshttp lab many

#![allow(clippy::print_stdout)] // an example speaks to its user

use clap::{Arg, Command};
use glasshttp::connection::Timeouts;
use glasshttp::handler::Begun;
use glasshttp::pool::{Bounds, Pool};
use glasshttp::{Handler, Model, Request, Response, Server, StatusCode, Stop};
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

/// How long the work takes; `/never` takes longer than is waited for.
const WORK: Duration = Duration::from_secs(1);
const TIMEOUT: Duration = Duration::from_secs(3);
/// What kind of work it is: there is only one here.
const WAITING: u64 = 0;

struct Application {
    pool: Pool,
}

impl Handler for Application {
    fn handle(&self, request: &Request<'_>) -> Response {
        if request.target.path == "/within" {
            sleep(WORK);
        }
        Response::text(StatusCode::OK, &format!("This is {}.\n", request.target.path))
    }

    fn begin(&self, request: &Request<'_>) -> Begun {
        let work: fn() -> Response = match request.target.path {
            "/beside" => || {
                sleep(WORK);
                Response::text(StatusCode::OK, "This is /beside, after a while.\n")
            },
            "/never" => || {
                sleep(10 * TIMEOUT);
                Response::text(StatusCode::OK, "Nobody waits for this.\n")
            },
            "/fails" => || unreachable!("as it should"),
            _ => return Begun::Now(self.handle(request)),
        };
        match self.pool.run(WAITING, work) {
            Ok(response) => Begun::Later(response),
            Err(_full) => {
                let sentence = "All of the pool is at work: try again in a moment.";
                Begun::Now(Response::error(StatusCode::SERVICE_UNAVAILABLE, sentence).with("Retry-After", "1"))
            }
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model =
        Arg::new("model").value_parser(Model::NAMES).default_value("multiplex").help("Who runs the connections");
    let command = Command::new("waiting")
        .max_term_width(80)
        .about("A handler that has to wait: in the event loop, or beside it")
        .arg(model);
    let model =
        command.get_matches().get_one::<String>("model").and_then(|name| Model::named(name)).unwrap_or_default();
    let stop = Arc::new(Stop::on_signals()?); // before anybody knows the address
    let application = Application { pool: Pool::new(Bounds { threads: 8, of_one_kind: 8, waiting: 16 }) };
    let server = Server::new(application).listen("127.0.0.1:0")?.model(model);
    for url in server.urls() {
        println!("Serving at {url}");
    }
    let timeouts = Timeouts::new(TIMEOUT, TIMEOUT);
    Ok(server.timeouts(timeouts).ending(Duration::ZERO, Duration::from_secs(1)).run(&stop)?)
}
