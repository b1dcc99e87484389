//! The reference client as a target.

use std::time::Duration;

use super::target::{Controls, Instance, Target};
use crate::reference::Server;
use crate::transport::origin::{Origin, OriginError};
use crate::transport::wire::Wire;
use crate::transport::{Client, Limits, Transport};

impl Instance for Server {
    fn url(&self) -> String {
        Server::url(self)
    }

    fn advance(&self, by: Duration) -> Result<(), String> {
        Server::advance(self, by);
        Ok(())
    }

    fn code(&self) -> Result<String, String> {
        Server::code(self).ok_or_else(|| "no registration code was sent".to_owned())
    }
}

impl Target {
    /// The reference client in this process, over the same wire as any other target.
    pub fn embedded(server: Server, limits: Limits) -> Result<Target, OriginError> {
        let origin: Origin = server.url().parse()?;
        let wire = Wire::new(origin.clone(), None, limits);
        Ok(Target::new(Transport::new(Client::Wire(wire), origin, Vec::new()), Controls::Embedded(server)))
    }
}
