//! JSON bodies: logins, new users, requests for a registration code.

use super::{Kind, Probe, Probed};
use crate::custody::made::OwnName;
use crate::documented::certificate::verified_name;
use crate::exchange::{Exchange, Header, Json, Request};
use crate::fuzz::Class;
use crate::fuzz::Surface;
use crate::fuzz::grammar::RequestParts;
use crate::fuzz::grammar::body::{BodyInput, ContentType, Framing, Spelling};
use crate::fuzz::independent;
use crate::fuzz::independent::password::{Strength, strength};

/// Whether a server has no excuse for not reading the body as the JSON it is.
fn is_labelled(input: &BodyInput<'_>) -> bool {
    input.content_type == ContentType::Json && !matches!(input.framing, Framing::Gzip | Framing::UnknownCoding)
}

impl Probe<'_> {
    pub(super) async fn login_body(&mut self, input: &BodyInput<'_>) {
        if input.is_large() && !self.session.large {
            return self.probed = Probed::skip("large requests are sent with --large");
        }
        let body = input.body(&self.worker.bindings);
        let reading = independent::body::login(&body, is_labelled(input));
        let candidates = match independent::body::mentions_password(&body) {
            true => reading.candidates(&body),
            false => Vec::new(),
        };
        if !self.worker.own && !candidates.is_empty() {
            return self.probed = Probed::skip("the account is not the run's own");
        }
        let shaped = input.request_parts(Surface::LoginBody, &self.worker.bindings);
        let exchange = self.send(reading.class, reading.place, shaped).await;
        self.not_ready(&exchange, false).await;
        let kind = self.probed.kind;
        let refused = kind.is_refusal();
        match reading.class {
            Class::Accept if refused => {
                let requirement = match input.framing {
                    Framing::Chunked | Framing::Crumbs => "login.http.chunked",
                    _ if reading.place == "empty" => "login.body.empty",
                    _ if !candidates.is_empty() => "login.later.accepted",
                    _ if input.spelling == Spelling::Around => "login.body.whitespace",
                    _ if !reading.canonical => "login.body.unknown-members",
                    _ => "login.body.empty-object",
                };
                self.broken("refused", requirement, format!("a good body was answered {kind}"), &exchange);
            }
            Class::Reject if kind.is_success() => {
                self.broken("token", "login.later.rule", format!("a weak new password was answered {kind}"), &exchange);
            }
            Class::Either if kind.is_success() && is_labelled(input) => {
                let requirement = match reading.place {
                    "malformed" | "not UTF-8" => Some("login.body.malformed"),
                    "array" | "null" | "string" | "number" | "boolean" => Some("login.body.not-an-object"),
                    _ => None,
                };
                if let Some(requirement) = requirement {
                    self.broken("token", requirement, format!("{}: answered {kind}", reading.place), &exchange);
                }
            }
            _ => {}
        }
        if self.worker.own && !candidates.is_empty() {
            self.settle(&exchange, &candidates, false).await;
        }
    }

    pub(super) async fn users_body(&mut self, input: &BodyInput<'_>) {
        if !self.worker.own {
            return self.probed = Probed::skip("the target makes no accounts");
        }
        if input.is_large() && !self.session.large {
            return self.probed = Probed::skip("large requests are sent with --large");
        }
        let body = input.body(&self.worker.bindings);
        let (reading, sure) = independent::body::create(&body, is_labelled(input));
        let names = match &sure {
            Some((name, _)) => vec![name.clone()],
            None => reading.candidates(&body),
        };
        let request = self.session.request(input.request_parts(Surface::UsersBody, &self.worker.bindings));
        let (claimed, names_the_admin) = match self.claim(names, &request).await {
            Ok(claim) => claim,
            Err(why) => return self.probed.lost = Some(why),
        };
        let exchange = self.send_request(reading.class, reading.place, request).await;
        let kind = self.probed.kind;
        // A name that is taken is documented as an internal error.
        self.not_ready(&exchange, matches!(kind, Kind::Answer(_, Some(1014)))).await;
        let mut made = true;
        if kind.is_success() {
            self.created(&exchange, &body, &reading, sure, &claimed).await;
        } else if kind.is_refusal() {
            if reading.class == Class::Accept {
                self.broken(
                    "refused",
                    "users.create.created",
                    format!("a good creation was answered {kind}"),
                    &exchange,
                );
            }
            let name = sure.as_ref().map(|(name, _)| name.as_str());
            made = self.logs_in_all_the_same(&exchange, name, &reading.candidates(&body)).await;
        }
        if names_the_admin {
            self.probed.requests += 1;
            self.session.admin_keeps_its_password().await;
        }
        for own in claimed {
            match made {
                true => {
                    self.probed.requests += 1;
                    self.session.remove_own(&own).await;
                }
                false => self.session.accounts.is_gone(&own),
            }
        }
    }

    /// Before a creation with these names is sent: those that the run may remove again, and whether one is like the admin's.
    /// Then the password that it may set is put into the journal.
    async fn claim(&mut self, mut names: Vec<String>, request: &Request) -> Result<(Vec<OwnName>, bool), String> {
        let admin = self.session.accounts.admin_name().to_lowercase();
        let names_the_admin = names.iter().any(|name| name.to_lowercase().contains(&admin));
        if names_the_admin {
            self.session.may_change_the_admin(request).await?;
        }
        names.retain(|name| !self.was_there(name));
        let claimed = self.session.claim(&names).await?;
        self.probed.requests += names.len() as u64;
        Ok((claimed, names_the_admin))
    }

    /// Whether an account of that name was there before the input came: then it is not for us to remove.
    fn was_there(&self, name: &str) -> bool {
        let bindings = &self.worker.bindings;
        let admin = self.session.admin.as_ref().map(|admin| admin.account.username.as_str());
        ["admin", &bindings.user, &bindings.colon_user].contains(&name) || admin == Some(name)
    }

    /// A creation that was accepted.
    async fn created(
        &mut self,
        exchange: &Exchange,
        body: &[u8],
        reading: &independent::body::Reading,
        sure: Option<(String, String)>,
        claimed: &[OwnName],
    ) {
        let kind = self.probed.kind;
        let shown = exchange
            .response()
            .and_then(|response| Json::parse(&response.body).ok())
            .and_then(|json| json.at("/users/0/username")?.as_str().map(str::to_owned));
        let candidates = reading.candidates(body);
        let guess = || candidates.iter().find(|text| Some(*text) != shown.as_ref()).cloned();
        let (name, password) = match sure {
            Some((name, password)) => (Some(name), password),
            None => (shown.clone(), guess().unwrap_or_default()),
        };
        for name in name.iter().chain(&shown) {
            let is_ours = claimed.iter().any(|own| own.as_str() == name) || self.was_there(name);
            if !is_ours {
                self.session.claims_to_have_made(name).await;
            }
        }
        if reading.class == Class::Reject {
            let length = name.as_ref().map_or(0, |name| name.chars().count());
            let requirement = match reading.place {
                "object" if name.is_none() => "users.create.missing-member",
                "object" if length < 4 => "users.username.too-short",
                "object" if length > 32 => "users.username.too-long",
                "object" if password.len() < 8 => "users.password.too-short",
                "object" if password.len() > 64 => "users.password.too-long",
                "object" => "users.password.classes",
                _ => "users.create.not-text",
            };
            self.broken("state", requirement, format!("{}: answered {kind}", reading.place), exchange);
        } else if reading.place == "malformed" {
            self.broken("state", "users.body.malformed", format!("malformed: answered {kind}"), exchange);
        }
        let Some(name) = name else { return };
        let user = self.worker.bindings.user.clone();
        if name.trim().to_lowercase().contains(&*user) && name != user {
            self.probed.requests += 1;
            if self.session.logs_in(&user, &password).await {
                let what = "a new account under a like name logs in as the first one";
                self.broken_by_a_login("state", "users.username.no-twin", what, exchange);
            }
        }
        if reading.class == Class::Accept {
            self.probed.requests += 1;
            if !self.session.logs_in(&name, &password).await {
                let what = "the new account does not log in with its password";
                self.broken("state", "users.create.login-works", what, exchange);
            }
        }
        // Of two passwords either may count, but not a weak one.
        if reading.place == "duplicate member" || reading.place == "malformed" {
            for weak in candidates.iter().filter(|text| strength(text) == Strength::Weak).take(3) {
                self.probed.requests += 1;
                if self.session.logs_in(&name, weak).await {
                    let requirement =
                        if weak.len() < 8 { "users.password.too-short" } else { "users.password.classes" };
                    self.broken_by_a_login(
                        "state",
                        requirement,
                        "a weak password logs in to the new account",
                        exchange,
                    );
                }
            }
        }
        if String::from_utf8_lossy(body).to_ascii_lowercase().contains("admin") {
            self.promoted(exchange, &name).await;
        }
    }

    async fn promoted(&mut self, exchange: &Exchange, name: &str) {
        let headers = vec![Header::new("Authorization", format!("Bearer {}", self.worker.bindings.admin_token))];
        self.probed.requests += 1;
        let path = format!("/v1/users/{}", percent_encoded(name));
        let read = self.session.send(RequestParts { method: "GET", path, headers, body: None }).await;
        let json = read.response().and_then(|response| Json::parse(&response.body).ok());
        // The name itself may say anything.
        let is_admin = match json.as_ref().and_then(|json| json.at("/users/0")) {
            Some(Json::Object(members)) => {
                members.iter().any(|(member, value)| *member != "username" && value.to_string().contains("ROLE_ADMIN"))
            }
            _ => false,
        };
        if is_admin {
            self.broken("state", "users.create.no-promotion", "the new account is an administrator", exchange);
        }
    }

    /// A creation that was refused leaves nobody who logs in; true if it does.
    async fn logs_in_all_the_same(&mut self, exchange: &Exchange, name: Option<&str>, candidates: &[String]) -> bool {
        let Some(name) = name.filter(|name| *name != "admin" && !name.contains(':')) else {
            return false;
        };
        let passwords = candidates.iter().filter(|text| *text != name && text.len() >= 4).take(2);
        let mut logs_in = false;
        for password in passwords {
            self.probed.requests += 1;
            if !self.worker.accounts().contains(&(name, password)) && self.session.logs_in(name, password).await {
                let what = format!("the creation was answered {}, and the account logs in", self.probed.kind);
                self.broken_by_a_login("refused-change", "users.create.refused-leaves-nothing", what, exchange);
                logs_in = true;
            }
        }
        logs_in
    }

    pub(super) async fn account_body(&mut self, input: &BodyInput<'_>) {
        if self.session.admin.is_none() {
            return self.probed = Probed::skip("there is no admin");
        }
        if input.is_large() && !self.session.large {
            return self.probed = Probed::skip("large requests are sent with --large");
        }
        let body = input.body(&self.worker.bindings);
        let reading = independent::body::account(&body, is_labelled(input));
        if reading.class != Class::Reject && !self.session.registers {
            return self.probed = Probed::skip("it could send somebody a code; --allow registration permits it");
        }
        let shaped = input.request_parts(Surface::AccountBody, &self.worker.bindings);
        let exchange = self.send(reading.class, reading.place, shaped).await;
        self.not_ready(&exchange, false).await;
        let kind = self.probed.kind;
        if !kind.is_success() {
            return;
        }
        let member = |name: &str| reading.json().and_then(|json| json.at(name));
        if reading.class == Class::Reject {
            let text = |name: &str| member(name).and_then(Json::as_str);
            let requirement = match ["/cc", "/phone_number", "/method", "/cert"].map(member) {
                members if members.iter().any(Option::is_none) => "account.required.refused",
                members if !members.iter().all(|value| matches!(value, Some(Json::String(_)))) => {
                    "account.value.not-text"
                }
                _ if !matches!(text("/method"), Some("sms" | "voice")) => "account.method.refused",
                _ if text("/cert").is_some_and(|cert| cert.contains('!')) => "account.cert.not-base64",
                _ => "account.number.refused",
            };
            self.broken("state", requirement, format!("answered {kind}"), &exchange);
        }
        let name = member("/cert").and_then(Json::as_str).and_then(|cert| verified_name(cert).ok());
        let shown = exchange
            .response()
            .filter(|response| response.status == 202)
            .and_then(|response| Json::parse(&response.body).ok())
            .and_then(|json| json.at("/account/0/vname")?.as_str().map(str::to_owned));
        if let (Some(name), Some(shown)) = (name, shown)
            && name.name != shown
        {
            let what = format!("the certificate's name is {:?}, the answer's {shown:?}", name.name);
            self.broken("state", "account.request.vname", what, &exchange);
        }
    }
}

/// A name as it stands in a path.
fn percent_encoded(name: &str) -> String {
    name.bytes()
        .map(|byte| match byte.is_ascii_alphanumeric() {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}
