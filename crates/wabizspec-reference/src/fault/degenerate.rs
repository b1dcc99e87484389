//! Targets that are no client at all. None of them may prove a single requirement.

use std::time::Duration;

use serde_json::json;

use super::writing::{as_success, crash, page, put};
use super::{Fault, Kind, fault};
use crate::documented::errors::{ApiError, ErrorCode};

pub(super) const FAULTS: &[Fault] = &[
    fault(
        "degenerate.refuses-everything",
        "login.first.accepted",
        "every request is refused with 401 and code 1005",
        |b| {
            b.rewrites.push(|_, answer| {
                answer.status = 401;
                put(answer, "errors", vec![ApiError::new(ErrorCode::AccessDenied).to_json()].into());
                if let Some(members) = super::writing::members(answer) {
                    members.retain(|name, _| name == "meta" || name == "errors");
                }
                let challenge = ("www-authenticate", "Basic realm=\"x\"".into());
                answer.headers.retain(|(name, _)| *name != challenge.0);
                answer.headers.push(challenge);
            });
        },
        |w| drop(w.admin()),
    )
    .of_kind(Kind::Degenerate),
    fault(
        "degenerate.accepts-everything",
        "login.refused.wrong-password",
        "every request is answered like a good login",
        |b| {
            b.rewrites.push(|handled, answer| {
                as_success(answer, 200);
                let week = jiff::SignedDuration::from_hours(7 * 24);
                let expires_after = crate::documented::token::ExpiresAfter::new(handled.now + week).to_string();
                put(answer, "users", json!([{"username": "admin", "token": "x", "expires_after": expires_after}]));
            });
        },
        |w| drop(w.login("admin", "wrong")),
    )
    .of_kind(Kind::Degenerate),
    fault(
        "degenerate.hangs-up",
        "envelope.answered",
        "every connection is closed without an answer",
        |b| b.rewrites.push(|_, answer| answer.delivery.dropped = true),
        |w| drop(w.admin()),
    )
    .of_kind(Kind::Degenerate),
    fault(
        "degenerate.always-500",
        "envelope.no-crash",
        "every request is answered 500",
        |b| {
            b.rewrites.push(|_, answer| {
                if let Some(members) = super::writing::members(answer) {
                    members.retain(|name, _| name == "meta");
                }
                crash(answer);
            });
        },
        |w| drop(w.admin()),
    )
    .of_kind(Kind::Degenerate),
    fault(
        "degenerate.never-answers",
        "envelope.answered",
        "no request is answered",
        |b| b.rewrites.push(|_, answer| answer.delivery.delay = Duration::from_secs(60)),
        |w| drop(w.admin()),
    )
    .of_kind(Kind::Degenerate),
    fault(
        "degenerate.pages-everywhere",
        "envelope.json",
        "every request is answered with a web page",
        |b| b.rewrites.push(|_, answer| page(answer, 200, "<!doctype html><title>It works!</title>")),
        |w| drop(w.admin()),
    )
    .of_kind(Kind::Degenerate),
];
