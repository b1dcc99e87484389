//! Users deleted (users, Delete).

use super::witness::{GOOD, OTHER};
use super::writing::{granted, refused, users};
use super::{Fault, fault};
use crate::behaviour::{AdminDeletion, Leftover, Who};
use crate::documented::errors::ErrorCode;
use crate::outcome::{Refusal, Success};

pub(super) const FAULTS: &[Fault] = &[
    fault(
        "users.delete.no-content",
        "users.delete.answered",
        "a deletion is answered 204",
        |b| {
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::UserDeleted) {
                    answer.status = 204;
                    answer.body = crate::call::AnswerBody::Empty;
                }
            });
        },
        |w| w.delete_anna(),
    ),
    fault(
        "users.delete.without-the-name",
        "users.delete.answered",
        "the answer to a deletion does not say who was deleted",
        |b| {
            b.rewrites.push(|handled, answer| {
                if granted(handled, Success::UserDeleted) {
                    super::writing::members(answer).map(|members| members.remove("users"));
                }
            });
        },
        |w| w.delete_anna(),
    ),
    fault(
        "users.delete.still-shown",
        "users.delete.gone",
        "a deleted account does not log in any more, but is still shown",
        |b| b.users.leftover = Leftover::IsShown,
        |w| {
            w.delete_anna();
            let admin = w.login("admin", GOOD);
            w.bearer(&admin, "GET", "/v1/users/anna", "");
        },
    ),
    fault(
        "users.delete.not-done",
        "users.delete.gone",
        "a deletion is answered, not done",
        |b| b.users.deletes = |_, _| false,
        |w| {
            w.delete_anna();
            w.login("anna", OTHER);
        },
    ),
    fault(
        "users.delete.still-logs-in",
        "users.delete.login-dead",
        "a deleted account is not shown any more, but still logs in",
        |b| b.users.leftover = Leftover::LogsIn,
        |w| {
            w.delete_anna();
            w.login("anna", OTHER);
        },
    ),
    fault(
        "users.delete.all-that-begin-so",
        "users.delete.others-unharmed",
        "a deletion takes all accounts whose names begin with the one given",
        |b| b.users.deletes = |asked, name| name.starts_with(asked),
        |w| {
            let [admin, _] = w.anna();
            w.create(&admin, "anna-lena", OTHER);
            w.bearer(&admin, "DELETE", "/v1/users/anna", "");
            w.bearer(&admin, "GET", "/v1/users/anna-lena", "");
        },
    ),
    fault(
        "users.delete.unknown-is-done",
        "users.delete.unknown",
        "deleting an account that is not there is answered as if it had been",
        |b| {
            b.rewrites.push(|handled, answer| {
                if users(handled, "DELETE") && refused(handled, Refusal::UnknownUser) {
                    super::writing::as_success(answer, 200);
                }
            });
        },
        |w| w.as_admin("DELETE", "/v1/users/nobody", ""),
    ),
    fault(
        "users.delete.admin-forbidden",
        "users.delete.admin",
        "deleting the default account is refused with 403 instead of 400",
        |b| {
            b.refusals[Refusal::AdminStays].status = 403;
            b.refusals[Refusal::AdminStays].code = ErrorCode::AccessDenied;
        },
        |w| w.as_admin("DELETE", "/v1/users/admin", ""),
    ),
    fault(
        "users.delete.admin-percent-encoded",
        "users.delete.admin-unharmed",
        "the default account is told by its path to the letter: percent-encoded it is deleted",
        |b| {
            b.users.admin_deletion = AdminDeletion::RefusedAsWritten;
        },
        |w| w.as_admin("DELETE", "/v1/users/%61dmin", ""),
    ),
    fault(
        "users.delete.admin-in-capitals",
        "users.delete.admin-unharmed",
        "the default account is told by its path to the letter: in capitals it is deleted",
        |b| {
            b.users.key = |name| name.to_lowercase().into();
            b.users.admin_deletion = AdminDeletion::RefusedAsWritten;
        },
        |w| w.as_admin("DELETE", "/v1/users/ADMIN", ""),
    ),
    fault(
        "users.delete.admin-with-nul",
        "users.delete.admin-unharmed",
        "the default account is told by its path to the letter: with a NUL at its end it is deleted",
        |b| {
            b.users.key = |name| name.trim_end_matches('\0').into();
            b.users.admin_deletion = AdminDeletion::RefusedAsWritten;
        },
        |w| w.as_admin("DELETE", "/v1/users/admin%00", ""),
    ),
    fault(
        "users.delete.admin-with-blank",
        "users.delete.admin-unharmed",
        "the default account is told by its path to the letter: with a blank at its end it is deleted",
        |b| {
            b.users.key = |name| name.trim_end_matches(' ').into();
            b.users.admin_deletion = AdminDeletion::RefusedAsWritten;
        },
        |w| w.as_admin("DELETE", "/v1/users/admin%20", ""),
    ),
    fault(
        "users.delete.oneself",
        "users.delete.admin-only",
        "an ordinary user deletes itself",
        |b| b.permissions.delete = Who::SelfOrAdmin,
        |w| {
            let [_, anna] = w.anna();
            w.bearer(&anna, "DELETE", "/v1/users/anna", "");
        },
    ),
    fault(
        "users.delete.by-any-user",
        "users.delete.admin-only",
        "every user deletes accounts",
        |b| b.permissions.delete = Who::User,
        |w| {
            let [admin, anna] = w.anna();
            w.create(&admin, "bert", OTHER);
            w.bearer(&anna, "DELETE", "/v1/users/bert", "");
        },
    ),
    fault(
        "users.delete.by-anybody",
        "users.delete.unauthorized",
        "accounts are deleted without a token",
        |b| b.permissions.delete = Who::Anyone,
        |w| {
            w.anna();
            w.send("DELETE", "/v1/users/anna", "", "");
        },
    ),
];
