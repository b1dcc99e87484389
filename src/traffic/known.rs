//! What recorded traffic shows of a target: who exists, which passwords may be in force, which tokens live.
//!
//! What happened before, or elsewhere, is unknown. Where the default password was seen to be in place, the target was just
//! installed; if the recording is complete, everything that exists since then was made by its requests.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::call::Authorization;
use crate::documented::api::DEFAULT_PASSWORD;
use crate::scenario::Registration;

/// So many accounts, and so many tokens, are remembered.
const MOST: usize = 5_000;

/// So many former passwords of one account.
const FORMER: usize = 16;

/// The name of the default account.
pub const ADMIN: &str = "admin";

/// Whether two texts are equal, where either may have been replaced by a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likeness {
    Same,
    Differs,
    Unknown,
}

/// How an account got its password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Seen,
    FirstLogin,
    Creation,
    Update,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Admin,
    Ordinary,
}

#[derive(Debug, Clone)]
pub struct Account {
    pub exists: Option<bool>,
    /// Those that may be in force, the likeliest first; none where that is unknown.
    pub passwords: Vec<String>,
    pub origin: Origin,
    /// No longer in force, each with the requirement that a login with it breaks.
    pub dead: Vec<(String, &'static str)>,
    pub role: Option<Role>,
    /// Every password that it ever had was given to it in the recording.
    pub is_born: bool,
    /// It was deleted in the recording.
    pub was_deleted: bool,
    /// Its body had members that the documents do not name: the requirement about promotions.
    pub promoted_by: Option<&'static str>,
    /// How many logins it had.
    pub logins: u64,
    /// When it got its password, counted in exchanges.
    pub since: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    Living,
    LoggedOut,
    /// Its user was deleted.
    Orphaned,
    Unknown,
}

#[derive(Debug, Clone)]
pub struct Token {
    pub user: String,
    pub life: Life,
    /// By the clock of the target: not before this it ends, and not after that it works.
    pub ends: Option<(Timestamp, Timestamp)>,
    /// How many logins its user had by then.
    pub logins: u64,
    /// When it was given, counted in exchanges.
    pub since: u64,
    /// Set where a request that ought to leave it alone came after it: what breaks if it is dead.
    pub spared_by: &'static str,
}

#[derive(Debug, Clone, Default)]
pub struct Known {
    pub accounts: BTreeMap<String, Account>,
    pub tokens: BTreeMap<String, Token>,
    /// The recording has every request since the target was installed.
    pub is_complete: bool,
    /// Everything that exists is known.
    pub is_closed: bool,
    /// How many exchanges were held to the rules.
    pub sequence: u64,
    /// Something that was known since then was seen to be still there.
    pub proven: Option<u64>,
    /// Nothing from before needs to be there any more.
    pub was_reset: bool,
    /// A request had an `Authorization` header: the recorder kept them.
    pub has_authorization: bool,
    pub registration: Option<Registration>,
    /// The number that was verified, and the one that a code was sent to.
    pub registered: Option<String>,
    pub asked_for: Option<String>,
    /// The PIN of two-step verification, or that there is none.
    pub pin: Option<Option<String>>,
    /// The target has two-step verification.
    pub has_pin: bool,
}

impl Default for Account {
    fn default() -> Account {
        Account {
            exists: None,
            passwords: Vec::new(),
            origin: Origin::Seen,
            dead: Vec::new(),
            role: None,
            is_born: false,
            was_deleted: false,
            promoted_by: None,
            logins: 0,
            since: 0,
        }
    }
}

impl Account {
    /// From now on it has this password, and no other. Those before are dead.
    pub fn set_password(&mut self, password: &str, origin: Origin, before: &'static str) {
        let former = std::mem::take(&mut self.passwords);
        for one in former.into_iter().filter(|one| one != password) {
            self.bury(one, before);
        }
        self.dead.retain(|(dead, _)| dead != password);
        self.passwords.push(password.to_owned());
        (self.exists, self.origin) = (Some(true), origin);
    }

    /// A login with that password breaks this requirement.
    pub fn bury(&mut self, password: String, requirement: &'static str) {
        self.dead.retain(|(dead, _)| *dead != password);
        if self.dead.len() == FORMER {
            self.dead.remove(0);
        }
        self.dead.push((password, requirement));
    }

    /// What a login with this password is.
    pub fn password_is(&self, password: &str) -> Likeness {
        let all: Vec<Likeness> = self.passwords.iter().map(|known| likeness(known, password)).collect();
        match all[..] {
            [one] => one,
            [] => Likeness::Unknown,
            _ if all.iter().all(|one| *one == Likeness::Differs) => Likeness::Differs,
            _ => Likeness::Unknown,
        }
    }
}

impl Known {
    /// The target was just installed, or reset.
    pub fn is_fresh(&mut self) {
        let registration = self.registration;
        self.forget();
        (self.is_closed, self.registration) = (self.is_complete, registration);
        self.pin = Some(None);
        self.account(ADMIN).is_born = true;
        self.account(ADMIN).set_password(DEFAULT_PASSWORD, Origin::Seen, "login.first.default-password-dead");
    }

    /// Nothing that was known holds any longer.
    pub fn forget(&mut self) {
        let Known { is_complete, has_authorization, sequence, .. } = *self;
        // A registration that was closed stays so.
        let registration = self.registration.filter(|state| *state == Registration::Sunset);
        *self = Known { is_complete, has_authorization, sequence, registration, was_reset: true, ..Known::default() };
    }

    /// What is left for a request if these accounts and tokens are in doubt: whose token it carries.
    pub fn without(&self, disputed: &[String], authorization: &Authorization) -> Known {
        let (has_authorization, registration) = (self.has_authorization, self.registration);
        let mut left = Known { has_authorization, registration, has_pin: self.has_pin, ..Known::default() };
        if let Authorization::Bearer(text) = authorization
            && let Some(token) = self.tokens.get(text).filter(|token| !disputed.contains(&token.user))
            && !disputed.contains(text)
        {
            left.tokens.insert(text.clone(), token.clone());
            let role = self.role(&token.user);
            let logins = self.accounts.get(&token.user).map_or(0, |account| account.logins);
            left.accounts.insert(token.user.clone(), Account { role, logins, ..Account::default() });
        }
        left
    }

    /// The account of that name, which may be unknown.
    pub fn account(&mut self, name: &str) -> &mut Account {
        if self.accounts.len() >= MOST && !self.accounts.contains_key(name) {
            // What is forgotten is unknown again.
            self.accounts.pop_last();
            self.is_closed = false;
        }
        self.accounts.entry(name.to_owned()).or_default()
    }

    pub fn exists(&self, name: &str) -> Option<bool> {
        match self.accounts.get(name) {
            Some(account) => account.exists,
            None if name == ADMIN => Some(true),
            None => self.is_closed.then_some(false),
        }
    }

    /// The account has had its password since this exchange.
    pub fn settle(&mut self, name: &str) {
        self.account(name).since = self.sequence;
    }

    pub fn role(&self, name: &str) -> Option<Role> {
        let known = self.accounts.get(name).and_then(|account| account.role);
        known.or((name == ADMIN).then_some(Role::Admin))
    }

    pub fn give(&mut self, text: &str, token: Token) {
        if self.tokens.len() >= MOST {
            self.tokens.pop_last();
            self.is_closed = false;
        }
        self.tokens.insert(text.to_owned(), token);
    }

    /// A token of which it was not sure that it lives was seen to work.
    pub fn works(&mut self, text: &str) {
        let Some(token) = self.tokens.get_mut(text) else { return };
        let logins = self.accounts.get(&token.user).map_or(0, |account| account.logins);
        if matches!(token.life, Life::Unknown | Life::Living) && !token.user.is_empty() {
            (token.life, token.logins, token.since) = (Life::Living, logins, self.sequence);
        }
    }

    /// All tokens of a user live on or not.
    pub fn each_token_of(&mut self, user: &str, change: impl Fn(&mut Token)) {
        self.tokens.values_mut().filter(|token| token.user == user).for_each(change);
    }

    /// What is known of an account, and of its tokens, holds no longer.
    pub fn doubt(&mut self, name: &str) {
        let account = self.account(name);
        (account.exists, account.role) = (None, None);
        account.passwords.clear();
        account.dead.clear();
        self.each_token_of(name, |token| token.life = Life::Unknown);
    }

    /// The accounts whose password is certain.
    pub fn credentials(&self) -> Vec<(&str, &str)> {
        let certain = self.accounts.iter().filter(|(_, account)| account.exists == Some(true));
        certain.flat_map(|(name, account)| account.passwords.iter().map(|one| (name.as_str(), one.as_str()))).collect()
    }

    /// Whether the password of every account is certain.
    pub fn knows_all_passwords(&self) -> bool {
        let is_certain = |account: &Account| match account.exists {
            Some(true) => !account.passwords.is_empty() && !account.passwords.iter().any(|one| is_replaced(one)),
            Some(false) => true,
            None => false,
        };
        self.is_closed && self.accounts.values().all(is_certain)
    }
}

/// Whether a text is, or has, the name that this program writes in place of a secret.
pub fn is_replaced(text: &str) -> bool {
    text.contains("redacted-")
}

/// Whether a text is what people and tools write in place of a secret: then equal texts may be different secrets.
pub fn is_masked(text: &str) -> bool {
    const WORDS: [&str; 6] = ["redact", "mask", "filtered", "removed", "sanitized", "hidden"];
    let is_ours = text.strip_prefix("redacted-").is_some_and(|key| key.len() == 16);
    let lower = text.to_ascii_lowercase();
    let signs = ["***", "xxx", "...", "…"];
    let is_in_brackets = text.starts_with(['<', '[', '{']) && text.ends_with(['>', ']', '}']);
    let one_sign = text.chars().next().is_none_or(|first| text.len() < 64 && text.chars().all(|c| c == first));
    !is_ours && (one_sign || is_in_brackets || WORDS.iter().chain(&signs).any(|word| lower.contains(word)))
}

pub fn likeness(one: &str, other: &str) -> Likeness {
    let is_visible = |c: char| c == ' ' || c.is_ascii_graphic();
    let visible = |text: &str| text.chars().filter(|c| is_visible(*c)).collect::<String>();
    let is_plain = |text: &str| text.chars().all(is_visible);
    match (is_replaced(one), is_replaced(other)) {
        _ if one == other => Likeness::Same,
        (false, true) | (true, false) => Likeness::Unknown,
        // What some servers drop or prepare makes these equal.
        _ if !(is_plain(one) && is_plain(other)) && visible(one) == visible(other) => Likeness::Unknown,
        // Some read no more than that of a password.
        _ if one.len().min(other.len()) >= 72 && one.as_bytes()[..72] == other.as_bytes()[..72] => Likeness::Unknown,
        _ => Likeness::Differs,
    }
}
