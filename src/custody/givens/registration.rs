//! A registered account, and whether the target still registers any.

use serde_json::{Value, json};

use super::{Failure, Givens};
use crate::custody::accounts::outcome;
use crate::documented::api::Operation;
use crate::documented::certificate::SampleCertificate;
use crate::documented::errors::ErrorCode;
use crate::exchange::Exchange;
use crate::reference::Registration;

/// What is registered where a case registers something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registrable {
    /// Country code, digits only.
    pub cc: String,
    /// Without the country code.
    pub phone_number: String,
    /// Base64 of the certificate.
    pub cert: String,
    /// The verified name that the certificate holds.
    pub vname: String,
}

impl Default for Registrable {
    /// A number reserved for fiction, and a certificate with a dummy signature.
    fn default() -> Self {
        Registrable {
            cc: "1".to_owned(),
            phone_number: "2025550123".to_owned(),
            cert: SampleCertificate::new("Acme Ltd").to_base64(),
            vname: "Acme Ltd".to_owned(),
        }
    }
}

impl Registrable {
    /// The names by which scenarios use it.
    pub fn bindings(&self) -> [(&'static str, &str); 4] {
        [("cc", &self.cc), ("phone_number", &self.phone_number), ("cert", &self.cert), ("vname", &self.vname)]
    }

    /// The body of a request for its code.
    pub(crate) fn request(&self, method: &str) -> Value {
        let Registrable { cc, phone_number, cert, .. } = self;
        json!({ "cc": cc, "phone_number": phone_number, "method": method, "cert": cert })
    }
}

impl Givens {
    /// Has the account registered: by a registration and its code, unless it is registered already.
    pub(crate) async fn registered(&mut self, account: &Registrable) -> Result<(), Failure> {
        if self.state.is_registered {
            return Ok(());
        }
        let mut exchange = self.post(Operation::Register, account.request("sms")).await?;
        let mut step = "the account could not be registered";
        if status(&exchange) == Some(202) {
            let code = self.target.code().await?;
            exchange = self.post(Operation::Verify, json!({ "code": code })).await?;
            step = "the registration could not be completed";
        }
        self.state.is_registered = status(&exchange) == Some(201);
        if self.state.is_registered { Ok(()) } else { Err(Failure::of(step, outcome(&exchange))) }
    }

    /// Found out with an empty body: a whole request would send somebody a message. Code 1005 means that it does not.
    pub(crate) async fn probe_registration(&mut self) -> Result<Registration, Failure> {
        let exchange = self.post(Operation::Register, json!({})).await?;
        let Some(response) = exchange.response() else {
            return Err(Failure::of("the registration state could not be found out", outcome(&exchange)));
        };
        let is_denied = response.error_codes().contains(&ErrorCode::AccessDenied.number());
        match (response.status, is_denied) {
            (400..=499, true) => Ok(Registration::Sunset),
            (400 | 422, false) => Ok(Registration::Open),
            _ => Err(Failure::UnclearRegistration(outcome(&exchange))),
        }
    }

    async fn post(&mut self, operation: Operation, body: Value) -> Result<Exchange, Failure> {
        let admin = self.admin().await?;
        self.accounts.call_as(&admin, operation, operation.path(), Some(body)).await
    }
}

fn status(exchange: &Exchange) -> Option<u16> {
    exchange.response().map(|response| response.status)
}
