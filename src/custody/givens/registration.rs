//! A registered account, and whether the target still registers any.

use super::Givens;
use crate::custody::accounts::{Admin, outcome};
use crate::custody::reading::{bearer, json_type};
use crate::documented::api::Operation;
use crate::documented::certificate::SampleCertificate;
use crate::documented::errors::ErrorCode;
use crate::exchange::Exchange;
use crate::reference::Registration;
use crate::transport::throttle::{Patience, Throttled};

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
}

impl Givens {
    /// Has the account registered: by a registration and its code, unless it is registered already.
    ///
    /// # Errors
    /// Why it cannot be had.
    pub async fn registered(&mut self, account: &Registrable) -> Result<(), String> {
        if self.is_registered {
            return Ok(());
        }
        let admin = self.admin().await?;
        let body = serde_json::json!({
            "cc": account.cc, "phone_number": account.phone_number, "method": "sms", "cert": account.cert,
        });
        let exchange = self.post(&admin, Operation::Register, &body).await?;
        match exchange.response().map(|response| response.status) {
            Some(201) => {}
            Some(202) => {
                let code = self.target.code().await?;
                let exchange = self.post(&admin, Operation::Verify, &serde_json::json!({ "code": code })).await?;
                if exchange.response().map(|response| response.status) != Some(201) {
                    return Err(format!("the registration could not be completed: {}", outcome(&exchange)));
                }
            }
            _ => {
                return Err(format!("the account could not be registered: {}", outcome(&exchange)));
            }
        }
        self.is_registered = true;
        Ok(())
    }

    /// Whether the target still registers numbers, found out with an empty body: a whole request would send somebody a
    /// message. Code 1005 means that it does not.
    ///
    /// # Errors
    /// It could not be found out.
    pub async fn probe_registration(&mut self) -> Result<Registration, String> {
        let admin = self.admin().await?;
        let exchange = self.post(&admin, Operation::Register, &serde_json::json!({})).await?;
        let Some(response) = exchange.response() else {
            return Err(format!("the registration state could not be found out: {}", outcome(&exchange)));
        };
        let codes = response.error_codes();
        match (response.status, codes.contains(&ErrorCode::AccessDenied.number())) {
            (400..=499, true) => Ok(Registration::Sunset),
            (400 | 422, false) => Ok(Registration::Open),
            _ => Err(format!(
                "the registration state could not be found out ({}); give --registration open or sunset",
                outcome(&exchange)
            )),
        }
    }

    async fn post(&self, admin: &Admin, operation: Operation, body: &serde_json::Value) -> Result<Exchange, Throttled> {
        let headers = vec![bearer(&admin.token), json_type()];
        let request = self.target.transport.call(operation, headers, Some(body.to_string().into_bytes()));
        self.target.transport.ask(request, &mut Patience::default()).await
    }
}
