//! The lab: experiments on a wire that is this program itself.
//!
//! Lesson: what TCP does can be predicted, and seen. Two hosts are joined by a
//! wire of our own, so every segment is seen as it leaves and as it arrives, and
//! exactly the third one can be lost. The learner predicts, runs, and compares.
//!
//! ```text
//!  experiment.rs  a question, acts, facts, a conclusion     experiments/*.rs
//!  namespace.rs, network.rs   two hosts                     wire.rs  the wire
//!  facts.rs  what is concluded from
//!  end.rs  the programs at both ends        run.rs  what was seen of one act
//!
//!  launcher.rs  runs for the live page: order.rs, launched.rs, feed.rs, drawn.rs
//!  by_hand.rs   a person is the wire
//!  own_programs.rs  the learner's own: server_program.rs, stop_order.rs
//! ```

mod blank;
mod by_hand;
mod decision;
mod deed;
mod drawing;
mod drawn;
mod end;
mod experiment;
mod experiments;
mod facts;
mod feed;
mod files;
mod inside;
mod launched;
mod launcher;
mod list;
mod names;
mod namespace;
mod network;
mod order;
mod own_programs;
mod page;
mod perform;
mod programs;
mod prose;
mod real_server;
mod recorded;
mod refusal;
mod report;
mod run;
mod server_program;
mod session;
mod setting;
mod socket_states;
mod stop_order;
mod wire;

pub use launcher::{Account, Launcher};
pub use list::experiments;
pub use own_programs::Programs;
pub use page::LabByLauncher;
pub use perform::Failure;
pub use refusal::{Attempt, Refusal};
pub use session::{Options, Problem, run};
