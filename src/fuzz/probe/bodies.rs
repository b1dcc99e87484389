//! JSON bodies: logins, new users, other requests of the admin.

use super::{Kind, Probe, Shown, TOO_LARGE};
use crate::custody::Failure;
use crate::custody::made::OwnName;
use crate::documented::api::Operation;
use crate::documented::certificate::verified_name;
use crate::exchange::{Json, Request, Response};
use crate::fuzz::grammar::{BodyInput, ContentType, Framing, RequestParts, Spelling};
use crate::fuzz::independent::body::{self, Reading};
use crate::fuzz::independent::password::{Strength, strength};
use crate::fuzz::{Check, Class, Place, Surface};

impl Probe<'_> {
    pub(super) async fn body(&mut self, input: &BodyInput<'_>, surface: Surface, operation: Operation) {
        if operation == Operation::CreateUser && !self.worker.own {
            return self.skip("the target makes no accounts");
        }
        if input.is_large() && !self.session.large {
            return self.skip(TOO_LARGE);
        }
        let (body, call) = (input.body(&self.worker.bindings), input.request_parts(operation, &self.worker.bindings));
        // Whether a server has no excuse for not reading the body as the JSON it is.
        let labelled =
            input.content_type == ContentType::Json && !matches!(input.framing, Framing::Gzip | Framing::UnknownCoding);
        match operation {
            Operation::LogIn => self.login(input, call, &body, labelled).await,
            Operation::CreateUser => self.creation(call, &body, labelled).await,
            _ => self.texts(call, body::of_texts(surface, &body, labelled)).await,
        }
    }

    async fn login(&mut self, input: &BodyInput<'_>, call: RequestParts, body: &[u8], labelled: bool) {
        let reading = body::login(body, labelled);
        let candidates = if body::mentions_password(body) { reading.candidates() } else { Vec::new() };
        if !self.worker.own && !candidates.is_empty() {
            return self.skip("the account is not the run's own");
        }
        self.send(reading.class, reading.place, call).await;
        let kind = self.probed.kind;
        match reading.class {
            Class::Accept if kind.is_refusal() => {
                let requirement = match input.framing {
                    framing if framing.is_chunked() => "login.http.chunked",
                    _ if reading.place == Place::Empty => "login.body.empty",
                    _ if !candidates.is_empty() => "login.later.accepted",
                    _ if input.spelling == Spelling::Around => "login.body.whitespace",
                    _ if !reading.canonical => "login.body.unknown-members",
                    _ => "login.body.empty-object",
                };
                self.violation(Check::Refused, requirement, format!("a good body was answered {kind}"));
            }
            Class::Reject if kind.is_success() => {
                self.violation(Check::Token, "login.later.rule", format!("a weak new password was answered {kind}"));
            }
            Class::Either if kind.is_success() && labelled => {
                let what = format!("{}: answered {kind}", reading.place);
                match reading.place {
                    Place::Malformed | Place::NotUtf8 => self.violation(Check::Token, "login.body.malformed", what),
                    Place::Array | Place::Null | Place::String | Place::Number | Place::Boolean => {
                        self.violation(Check::Token, "login.body.not-an-object", what);
                    }
                    _ => {}
                }
            }
            _ => {}
        }
        if self.worker.own && !candidates.is_empty() {
            self.settle(&candidates, false, reading.place == Place::Object).await;
        }
    }

    async fn creation(&mut self, call: RequestParts, body: &[u8], labelled: bool) {
        let (reading, sure) = body::create(body, labelled);
        let names = match &sure {
            Some((name, _)) => vec![name.clone()],
            None => reading.candidates(),
        };
        let request = self.session.request(call);
        let (claimed, names_the_admin) = match self.claim(names, &request).await {
            Ok(claim) => claim,
            Err(why) => return self.probed.lost = Some(why),
        };
        self.exchange(reading.class, reading.place, request).await;
        let kind = self.probed.kind;
        // A name that is taken is documented as an internal error.
        self.not_ready(matches!(kind, Kind::Answer(_, Some(1014)))).await;
        let mut made = true;
        if kind.is_success() {
            self.created(body, &reading, sure, &claimed).await;
        } else if kind.is_refusal() {
            // A name that is taken may have been made by an earlier input.
            let is_free = sure.as_ref().is_some_and(|(name, _)| claimed.iter().any(|own| own.as_str() == name));
            if reading.class == Class::Accept && is_free {
                self.violation(Check::Refused, "users.create.created", format!("a good creation was answered {kind}"));
            }
            let name = sure.as_ref().map(|(name, _)| name.as_str());
            made = self.logs_in_after_refusal(name, &reading.candidates()).await;
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

    /// Before a creation with these names is sent: those that the run may remove, and whether one contains the admin's.
    async fn claim(&mut self, mut names: Vec<String>, request: &Request) -> Result<(Vec<OwnName>, bool), Failure> {
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

    /// Whether an account of that name existed before the input: then it is not ours to remove.
    fn was_there(&self, name: &str) -> bool {
        let (bindings, admin) = (&self.worker.bindings, self.session.admin().account.username);
        ["admin", &bindings.user, &bindings.colon_user, &admin].contains(&name)
    }

    async fn created(
        &mut self,
        body: &[u8],
        reading: &Reading<'_>,
        sure: Option<(String, String)>,
        claimed: &[OwnName],
    ) {
        let kind = self.probed.kind;
        let shown = self.text_at("/users/0/username");
        let candidates = reading.candidates();
        let guess = || candidates.iter().find(|text| Some(*text) != shown.as_ref()).cloned();
        let (name, password) = match sure {
            Some((name, password)) => (Some(name), password),
            None => (shown.clone(), guess().unwrap_or_default()),
        };
        for name in name.iter().chain(&shown) {
            let is_ours = claimed.iter().any(|own| own.as_str() == name) || self.was_there(name);
            if !is_ours {
                self.session.remove(name).await;
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
            self.violation(Check::State, requirement, format!("{}: answered {kind}", reading.place));
        } else if reading.place == Place::Malformed {
            self.violation(Check::State, "users.body.malformed", format!("malformed: answered {kind}"));
        }
        let Some(name) = name else { return };
        let user = self.worker.bindings.user.clone();
        if name.trim().to_lowercase().contains(&*user)
            && name != user
            && self.logs_in(&user, &password).await == Some(true)
        {
            let what = "a new account under a like name logs in as the first one";
            self.by_login(&user, &password, true);
            self.violation_by_login(Check::State, "users.username.no-twin", what);
        }
        if reading.class == Class::Accept && self.logs_in(&name, &password).await == Some(false) {
            let what = "the new account does not log in with its password";
            self.by_login(&name, &password, false);
            self.violation(Check::State, "users.create.login-works", what);
        }
        // With two passwords either may count, but a weak one must not.
        if matches!(reading.place, Place::DuplicateMember | Place::Malformed) {
            for weak in candidates.iter().filter(|text| strength(text) == Strength::Weak).take(3) {
                if self.logs_in(&name, weak).await == Some(true) {
                    let too_short = weak.len() < 8;
                    self.by_login(&name, weak, true);
                    let requirement = if too_short { "users.password.too-short" } else { "users.password.classes" };
                    self.violation_by_login(Check::State, requirement, "a weak password logs in to the new account");
                }
            }
        }
        if String::from_utf8_lossy(body).to_ascii_lowercase().contains("admin") {
            self.promoted(&name).await;
        }
    }

    async fn promoted(&mut self, name: &str) {
        self.probed.requests += 1;
        let read = RequestParts::of_user(Operation::ReadUser, name).bearer(&self.worker.bindings.admin_token);
        let Ok(read) = self.session.send(read).await else { return };
        let json = read.response().and_then(Response::json);
        let members = json.as_ref().and_then(|json| json.at("/users/0")?.as_object()).unwrap_or_default();
        // The name itself may say anything.
        let says_admin =
            |(member, value): &(String, Json)| member != "username" && value.to_string().contains("ROLE_ADMIN");
        if members.iter().any(says_admin) {
            self.shown = Shown::ByReading(name.to_owned());
            self.violation(Check::State, "users.create.no-promotion", "the new account is an administrator");
        }
    }

    /// After a refused creation its login must not work; true if it does.
    async fn logs_in_after_refusal(&mut self, name: Option<&str>, candidates: &[String]) -> bool {
        let Some(name) = name.filter(|name| *name != "admin" && !name.contains(':')) else { return false };
        let mut logs_in = false;
        for password in candidates.iter().filter(|text| *text != name && text.len() >= 4).take(2) {
            self.probed.requests += 1;
            if !self.worker.accounts().contains(&(name, password))
                && self.session.logs_in(name, password).await == Some(true)
            {
                let what = format!("the creation was answered {}, and the account logs in", self.probed.kind);
                self.by_login(name, password, true);
                self.violation_by_login(Check::RefusedChange, "users.create.refused-leaves-nothing", what);
                logs_in = true;
            }
        }
        logs_in
    }

    /// Another request of the admin.
    async fn texts(&mut self, call: RequestParts, reading: Reading<'_>) {
        if reading.class != Class::Reject && !self.session.registers {
            return self.skip("it could send a code to a phone; --allow registration permits it");
        }
        self.send(reading.class, reading.place, call).await;
        let kind = self.probed.kind;
        if !kind.is_success() {
            return;
        }
        if reading.class == Class::Reject {
            self.violation(Check::State, reading.breaks, format!("answered {kind}"));
        }
        let cert = reading.json().and_then(|json| json.at("/cert")?.as_str());
        let name = cert.and_then(|cert| verified_name(cert).ok());
        let shown = self.text_at("/account/0/vname");
        if let (Kind::Answer(202, _), Some(name), Some(shown)) = (kind, name, shown)
            && name.name != shown
        {
            let what = format!("the certificate's name is {:?}, the answer's {shown:?}", name.name);
            self.violation(Check::State, "account.request.vname", what);
        }
    }
}
