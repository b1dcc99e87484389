//! How the tests are written: a [`Program`] is started in a [`Place`] of its own and read when it has [`Ended`]; its target
//! is a [reference client](target), a [`Proxy`] that watches or disturbs one, or a [server](server) that answers what a
//! test says.

pub mod proxy;
pub mod ended;
pub mod fuzzing;
pub mod kept;
pub mod place;
pub mod program;
pub mod report;
pub mod rows;
pub mod server;
pub mod suite;
pub mod target;
pub mod tls;
pub mod wire;

pub use ended::*;
pub use kept::*;
pub use place::*;
pub use program::*;
pub use proxy::*;
pub use report::*;
pub use rows::*;
pub use server::*;
pub use target::*;
