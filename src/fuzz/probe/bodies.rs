//! JSON bodies: logins, new users, requests for a registration code.

use super::{Kind, Probe};
use crate::custody::made::OwnName;
use crate::documented::api::Operation;
use crate::documented::certificate::verified_name;
use crate::exchange::{Exchange, Json, Request};
use crate::fuzz::grammar::RequestParts;
use crate::fuzz::grammar::body::{BodyInput, ContentType, Framing, Spelling};
use crate::fuzz::independent::body::{self, Reading};
use crate::fuzz::independent::password::{Strength, strength};
use crate::fuzz::{Check, Class, Place, Surface};

/// Whether a server has no excuse for not reading the body as the JSON it is.
fn is_labelled(input: &BodyInput<'_>) -> bool {
    input.content_type == ContentType::Json && !matches!(input.framing, Framing::Gzip | Framing::UnknownCoding)
}

impl Probe<'_> {
    pub(super) async fn login_body(&mut self, input: &BodyInput<'_>) {
        if self.is_too_large(input.is_large()) {
            return;
        }
        let body = input.body(&self.worker.bindings);
        let reading = body::login(&body, is_labelled(input));
        let candidates = if body::mentions_password(&body) { reading.candidates() } else { Vec::new() };
        if !self.worker.own && !candidates.is_empty() {
            return self.skip("the account is not the run's own");
        }
        let request = input.request_parts(Surface::LoginBody, &self.worker.bindings);
        let exchange = self.send(reading.class, reading.place, request).await;
        let kind = self.probed.kind;
        match reading.class {
            Class::Accept if kind.is_refusal() => {
                let requirement = match input.framing {
                    Framing::Chunked | Framing::Crumbs => "login.http.chunked",
                    _ if reading.place == Place::Empty => "login.body.empty",
                    _ if !candidates.is_empty() => "login.later.accepted",
                    _ if input.spelling == Spelling::Around => "login.body.whitespace",
                    _ if !reading.canonical => "login.body.unknown-members",
                    _ => "login.body.empty-object",
                };
                self.violation(Check::Refused, requirement, format!("a good body was answered {kind}"), &exchange);
            }
            Class::Reject if kind.is_success() => {
                let what = format!("a weak new password was answered {kind}");
                self.violation(Check::Token, "login.later.rule", what, &exchange);
            }
            Class::Either if kind.is_success() && is_labelled(input) => {
                let what = format!("{}: answered {kind}", reading.place);
                match reading.place {
                    Place::Malformed | Place::NotUtf8 => {
                        self.violation(Check::Token, "login.body.malformed", what, &exchange);
                    }
                    Place::Array | Place::Null | Place::String | Place::Number | Place::Boolean => {
                        self.violation(Check::Token, "login.body.not-an-object", what, &exchange);
                    }
                    _ => {}
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
            return self.skip("the target makes no accounts");
        }
        if self.is_too_large(input.is_large()) {
            return;
        }
        let body = input.body(&self.worker.bindings);
        let (reading, sure) = body::create(&body, is_labelled(input));
        let names = match &sure {
            Some((name, _)) => vec![name.clone()],
            None => reading.candidates(),
        };
        let request = self.session.request(input.request_parts(Surface::UsersBody, &self.worker.bindings));
        let (claimed, names_the_admin) = match self.claim(names, &request).await {
            Ok(claim) => claim,
            Err(why) => return self.probed.lost = Some(why),
        };
        let exchange = self.exchange(reading.class, reading.place, request).await;
        let kind = self.probed.kind;
        // A name that is taken is documented as an internal error.
        self.not_ready(&exchange, matches!(kind, Kind::Answer(_, Some(1014)))).await;
        let mut made = true;
        if kind.is_success() {
            self.created(&exchange, &body, &reading, sure, &claimed).await;
        } else if kind.is_refusal() {
            if reading.class == Class::Accept {
                let what = format!("a good creation was answered {kind}");
                self.violation(Check::Refused, "users.create.created", what, &exchange);
            }
            let name = sure.as_ref().map(|(name, _)| name.as_str());
            made = self.logs_in_after_refusal(&exchange, name, &reading.candidates()).await;
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

    async fn created(
        &mut self,
        exchange: &Exchange,
        body: &[u8],
        reading: &Reading<'_>,
        sure: Option<(String, String)>,
        claimed: &[OwnName],
    ) {
        let kind = self.probed.kind;
        let shown = Self::text_at(exchange, "/users/0/username");
        let candidates = reading.candidates();
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
            let length = name.as_ref().map(|name| name.chars().count());
            let requirement = match (reading.place, length, password.len()) {
                (Place::Object, None, _) => "users.create.missing-member",
                (Place::Object, Some(..4), _) => "users.username.too-short",
                (Place::Object, Some(33..), _) => "users.username.too-long",
                (Place::Object, _, ..8) => "users.password.too-short",
                (Place::Object, _, 65..) => "users.password.too-long",
                (Place::Object, ..) => "users.password.classes",
                _ => "users.create.not-text",
            };
            self.violation(Check::State, requirement, format!("{}: answered {kind}", reading.place), exchange);
        } else if reading.place == Place::Malformed {
            self.violation(Check::State, "users.body.malformed", format!("malformed: answered {kind}"), exchange);
        }
        let Some(name) = name else { return };
        let user = self.worker.bindings.user.clone();
        if name.trim().to_lowercase().contains(&*user) && name != user && self.logs_in(&user, &password).await {
            let what = "a new account under a like name logs in as the first one";
            self.violation_by_login(Check::State, "users.username.no-twin", what, exchange);
        }
        if reading.class == Class::Accept && !self.logs_in(&name, &password).await {
            let what = "the new account does not log in with its password";
            self.violation(Check::State, "users.create.login-works", what, exchange);
        }
        // Of two passwords either may count, but not a weak one.
        if matches!(reading.place, Place::DuplicateMember | Place::Malformed) {
            for weak in candidates.iter().filter(|text| strength(text) == Strength::Weak).take(3) {
                if self.logs_in(&name, weak).await {
                    let requirement =
                        if weak.len() < 8 { "users.password.too-short" } else { "users.password.classes" };
                    let what = "a weak password logs in to the new account";
                    self.violation_by_login(Check::State, requirement, what, exchange);
                }
            }
        }
        if String::from_utf8_lossy(body).to_ascii_lowercase().contains("admin") {
            self.promoted(exchange, &name).await;
        }
    }

    async fn promoted(&mut self, exchange: &Exchange, name: &str) {
        self.probed.requests += 1;
        let read = RequestParts::of_user(Operation::ReadUser, name).bearer(&self.worker.bindings.admin_token);
        let read = self.session.send(read).await;
        let json = read.response().and_then(|response| Json::parse(&response.body).ok());
        let members = json.as_ref().and_then(|json| json.at("/users/0")?.as_object()).unwrap_or_default();
        // The name itself may say anything.
        let says_admin =
            |(member, value): &(String, Json)| member != "username" && value.to_string().contains("ROLE_ADMIN");
        if members.iter().any(says_admin) {
            let what = "the new account is an administrator";
            self.violation(Check::State, "users.create.no-promotion", what, exchange);
        }
    }

    /// A creation that was refused leaves nobody who logs in; true if it does.
    async fn logs_in_after_refusal(&mut self, exchange: &Exchange, name: Option<&str>, candidates: &[String]) -> bool {
        let Some(name) = name.filter(|name| *name != "admin" && !name.contains(':')) else {
            return false;
        };
        let mut logs_in = false;
        for password in candidates.iter().filter(|text| *text != name && text.len() >= 4).take(2) {
            self.probed.requests += 1;
            if !self.worker.accounts().contains(&(name, password)) && self.session.logs_in(name, password).await {
                let what = format!("the creation was answered {}, and the account logs in", self.probed.kind);
                self.violation_by_login(Check::RefusedChange, "users.create.refused-leaves-nothing", what, exchange);
                logs_in = true;
            }
        }
        logs_in
    }

    pub(super) async fn account_body(&mut self, input: &BodyInput<'_>) {
        if self.session.admin.is_none() {
            return self.skip("there is no admin");
        }
        if self.is_too_large(input.is_large()) {
            return;
        }
        let body = input.body(&self.worker.bindings);
        let reading = body::account(&body, is_labelled(input));
        if reading.class != Class::Reject && !self.session.registers {
            return self.skip("it could send somebody a code; --allow registration permits it");
        }
        let request = input.request_parts(Surface::AccountBody, &self.worker.bindings);
        let exchange = self.send(reading.class, reading.place, request).await;
        let kind = self.probed.kind;
        if !kind.is_success() {
            return;
        }
        let member = |name: &str| reading.json().and_then(|json| json.at(name));
        let text = |name: &str| member(name).and_then(Json::as_str);
        if reading.class == Class::Reject {
            let requirement = match ["/cc", "/phone_number", "/method", "/cert"].map(member) {
                members if members.iter().any(Option::is_none) => "account.required.refused",
                members if !members.iter().all(|value| matches!(value, Some(Json::String(_)))) => {
                    "account.value.not-text"
                }
                _ if !matches!(text("/method"), Some("sms" | "voice")) => "account.method.refused",
                _ if text("/cert").is_some_and(|cert| cert.contains('!')) => "account.cert.not-base64",
                _ => "account.number.refused",
            };
            self.violation(Check::State, requirement, format!("answered {kind}"), &exchange);
        }
        let name = text("/cert").and_then(|cert| verified_name(cert).ok());
        let shown = Self::text_at(&exchange, "/account/0/vname");
        let is_requested = exchange.response().is_some_and(|response| response.status == 202);
        if let (true, Some(name), Some(shown)) = (is_requested, name, shown)
            && name.name != shown
        {
            let what = format!("the certificate's name is {:?}, the answer's {shown:?}", name.name);
            self.violation(Check::State, "account.request.vname", what, &exchange);
        }
    }
}
