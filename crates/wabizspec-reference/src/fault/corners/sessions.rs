//! Tokens that are mixed up, and that end with what should not end them (users/login, users/logout).

use jiff::SignedDuration;

use super::{Fault, fault};
use crate::behaviour::{Mint, Revokes};
use crate::fault::witness::{GOOD, OTHER};

const DAY: i64 = 24 * 60 * 60;

pub(super) const FAULTS: &[Fault] = &[
    fault(
        "login.token.of-the-administrator",
        "login.token.own",
        "a user who logs in after the administrator gets the administrator's token, from a variable that requests share",
        |behaviour| behaviour.tokens.mint = Mint::OfTheAdmin,
        |w| drop(w.anna()),
    ),
    fault(
        "tokens.bearer.numbered",
        "tokens.bearer.unguessable",
        "tokens are numbered: who has one knows the next",
        |behaviour| behaviour.tokens.mint = Mint::Counter,
        |w| drop((w.admin(), w.login("admin", GOOD))),
    ),
    fault(
        "tokens.logout.of-the-last-token",
        "tokens.logout.token-dead",
        "a logout ends the user's last token, the only one that is kept with the user, whichever was sent",
        |behaviour| behaviour.tokens.on_logout = Revokes::LastOfUser,
        |w| {
            let first = w.admin();
            w.login("admin", GOOD);
            w.bearer(&first, "POST", "/v1/users/logout", "");
            w.bearer(&first, "GET", "/v1/users/admin", "");
        },
    ),
    fault(
        "tokens.expiry.swept-by-a-login",
        "tokens.expiry.still-good",
        "a login sweeps the user's tokens out that are older than a day",
        |behaviour| behaviour.tokens.swept_at_login = Some(SignedDuration::from_secs(DAY)),
        |w| {
            let [_, anna] = w.anna();
            w.pass(2 * DAY);
            w.login("anna", OTHER);
            w.bearer(&anna, "GET", "/v1/users/anna", "");
        },
    ),
];
