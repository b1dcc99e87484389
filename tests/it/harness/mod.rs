//! How the tests are written: a [`Program`] is started in a [`Place`] of its own and read when it has [`Ended`]; its target
//! is a [reference client](target), a [`Proxy`] that watches or disturbs one, or a [server](server) that says what a test
//! tells it to.

pub mod proxy;
pub mod fuzzing;
pub mod kept;
pub mod program;
pub mod report;
pub mod server;
pub mod suite;
pub mod target;
pub mod tls;
pub mod wire;

pub use program::{Ended, FORMATS, Place, Program, Running, Served, eventually, reports, signal};
pub use proxy::{Proxy, Reaction, Rules};
pub use report::Report;
pub use server::{Asked, Server, answer, answering, hold, nobody, read_head, read_request, serve, write};
pub use target::{OWNERS, PASSWORD, accounts, admins, faulty, fresh, in_use, reference, reset_of, send, take};
