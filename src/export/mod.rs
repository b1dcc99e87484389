//! The suite for other programs: cases as Hurl files, or as a Postman collection.
//!
//! Each case stands alone: it reaches its state, and removes what it made. A case that another program cannot express is left
//! out and counted. Nothing is sent or written to disk here.

mod left_out;
mod condition;
mod case;
mod hurl;
mod postman;
mod readme;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::custody::Target;
use crate::custody::givens::Registrable;
use crate::plan::Case;
use crate::requirement::Level;
use crate::scenario::{Given, Registration, Step};
use crate::template::Unbound;

use condition::Condition;
pub(crate) use left_out::LeftOut;

/// The name of the administrator in what is exported.
const ADMIN: &str = "admin";

/// The variable that is secret.
const PASSWORD: &str = "admin_password";

/// The variables about the target, each with what it is.
const OF_TARGET: [(&str, &str); 3] = [
    ("target", "the URL of the target, without a slash at its end"),
    (PASSWORD, "the password of `admin`: one that the documents allow, without `\"` and `\\`"),
    ("reset", "a URL that takes a `POST` and brings the target back to just installed"),
];

/// Those about what is registered.
const OF_ACCOUNT: [(&str, &str); 4] = [
    ("cc", "the country code of a phone number to register"),
    ("phone_number", "the number without it"),
    ("cert", "the certificate for it, in base64"),
    ("vname", "the verified name in that certificate"),
];

/// In which form cases are exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Hurl,
    Postman,
}

/// What is to be written.
pub(crate) struct Export {
    /// Each with its path below the folder.
    pub files: Vec<(PathBuf, String)>,
    /// How many cases are in it.
    pub cases: usize,
    pub left_out: BTreeMap<LeftOut, usize>,
}

/// The cases in that form. Expectations below the level are left out. The target is only named: a variable stands for it.
pub(crate) fn export(
    cases: &[Case],
    target: &Target,
    account: &Registrable,
    form: Form,
    level: Level,
) -> Result<Export, Unbound> {
    let mut left_out = BTreeMap::new();
    let mut exported = Vec::new();
    for case in cases {
        match LeftOut::of(case, level) {
            Some(reason) => *left_out.entry(reason).or_default() += 1,
            None => {
                exported.push(Exported { case, group: Group::of(case), entries: case::entries(case, target, level)? })
            }
        }
    }
    exported.sort_by(|one, other| (one.group, &one.case.id).cmp(&(other.group, &other.case.id)));
    let mut files = match form {
        Form::Hurl => hurl::files(&exported, account),
        Form::Postman => postman::files(&exported, account),
    };
    files.push(("README.md".into(), readme::text(form, &exported, &left_out, level)));
    Ok(Export { files, cases: exported.len(), left_out })
}

/// A case with its requests in order.
struct Exported<'c> {
    case: &'c Case,
    group: Group,
    entries: Vec<Entry>,
}

/// What the target must be for a case, and its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Live,
    Reset,
    Open,
    Sunset,
}

impl Group {
    /// Each with its folder and what is in it.
    const ALL: [(Group, &'static str, &'static str); 4] = [
        (Group::Live, "live", "for any target; each case removes what it made"),
        (Group::Reset, "reset", "for a target that can be reset; each case resets it before and after"),
        (
            Group::Open,
            "open",
            "for a target that registers phone numbers, to which it may send messages; most cases reset it",
        ),
        (Group::Sunset, "sunset", "for a target whose registration is closed; most cases reset it"),
    ];

    fn of(case: &Case) -> Group {
        match case.scenario.registration {
            Some(Registration::Open) => Group::Open,
            Some(Registration::Sunset) => Group::Sunset,
            None if needs_reset(case) => Group::Reset,
            None => Group::Live,
        }
    }

    fn folder(self) -> &'static str {
        Group::ALL[self as usize].1
    }
}

/// Whether a case starts on a target that is just installed, leaves something changed, or may harm an account of others: a
/// short name may be somebody's.
fn needs_reset(case: &Case) -> bool {
    let leaves_nothing = case.changes_nothing() || case.is_confined();
    let has_short_name = case.scenario.steps.iter().flat_map(Step::names).any(|name| name == "unique4");
    case.given() == Given::Fresh || !leaves_nothing || case.endangers_others() || has_short_name
}

/// A text with places for values that are not known here.
type Text = Vec<Part>;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Plain(String),
    Variable(String),
}

/// The text, each part written in its own way.
fn written(text: &[Part], plain: impl Fn(&str) -> String) -> String {
    let part = |part: &Part| match part {
        Part::Plain(text) => plain(text),
        Part::Variable(name) => format!("{{{{{name}}}}}"),
    };
    text.iter().map(part).collect()
}

/// One request, and what is expected of its answer.
struct Entry {
    name: String,
    method: String,
    url: Text,
    /// User and password of Basic authentication, where they have values that are not known here.
    credentials: Option<(Text, Text)>,
    headers: Vec<(String, Text)>,
    body: Option<Text>,
    rules: Vec<Rule>,
    /// Names, each with the JSON Pointer of its value in the answer.
    captures: Vec<(String, String)>,
}

/// What must hold of an answer, and why.
struct Rule {
    title: String,
    conditions: Vec<Condition>,
}

impl Rule {
    /// For a request that is not a step of its case.
    fn accepted() -> Rule {
        Rule { title: "it is accepted".to_owned(), conditions: vec![Condition::Status(r"^2\d\d$".to_owned())] }
    }

    /// For an answer that may have any status but a failure of the server.
    fn no_failure() -> Rule {
        Rule {
            title: "the server does not fail".to_owned(),
            conditions: vec![Condition::Status(r"^[1-4]\d\d$".to_owned())],
        }
    }
}
