//! `wabizspec recover`: which password an interrupted run left the admin with.
//!
//! It logs in with what the journal holds, newest first, and logs out again. It changes nothing.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::target::{Resolved, TargetArgs};
use super::{CONFORMS, FINDINGS, Failure, print, runtime};
use crate::target::accounts::{Account, Accounts, Admin, path_of};
use crate::target::custody::Custody;
use crate::target::givens::DEFAULT_PASSWORD;
use crate::target::lock::RunLock;
use crate::target::recovery::{Probe, probe, spellings};

/// How often a target that asks for patience is asked again.
const PATIENT_TRIES: u32 = 5;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wabizspec recover --target https://wabiz.internal:9090    says which entry works
  wabizspec recover --target https://wabiz.internal:9090 --out admin.password

Exit codes: 0 found · 1 no password of the journal works · 2 usage error
            3 the target cannot be reached")]
pub(super) struct RecoverArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// Print the password itself
    #[arg(long)]
    show: bool,
    /// Write the password to a file that only you can read; it must not exist
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// A password that may be the admin's, and what it is.
struct Candidate {
    password: String,
    what: String,
}

pub(super) fn recover(args: &RecoverArgs) -> Result<u8, Failure> {
    let resolved = args.target.resolve(&[])?;
    let Some(journal) = &resolved.journal else {
        return Err(Failure::usage(
            "there is no target to log in to\n  help: give --target URL",
        ));
    };
    if let Some(holder) = RunLock::holder(&resolved.locks()) {
        return Err(Failure::usage(format!(
            "a run is at work on this target ({holder}), and may be changing the password just now\n  help: wait until it ends"
        )));
    }
    let (path, url) = (
        journal.path().display().to_string(),
        resolved.target.origin().to_string(),
    );
    let candidates = candidates(&resolved);
    let found = runtime()?.block_on(search(&resolved, &candidates))?;
    let Some((candidate, token)) = found else {
        return match runtime()?.block_on(probe(&resolved.target, &admin(&resolved, DEFAULT_PASSWORD))) {
            Probe::ChangeRequired => print(&format!(
                "the documented default password is still in place at {url}: no run has changed it\n"
            )),
            _ => {
                let what = match candidates.len() {
                    0 => format!("no password of {} is known, and none was given", resolved.admin_name),
                    tried => format!("none of the {tried} passwords that are known works at {url}"),
                };
                print(&format!(
                    "{what}; the journal is {path}\nhelp: runs on another machine or by another user kept theirs there; \
                     name that file with --journal PATH\n"
                ))?;
                Ok(FINDINGS)
            }
        };
    };
    print(&format!("found: {} works at {url}\n", candidate.what))?;
    if let Some(out) = &args.out {
        write_secret(out, &candidate.password)
            .map_err(|error| Failure::usage(format!("cannot write {}: {error}", out.display())))?;
        print(&format!("it is in {} now, which only you can read\n", out.display()))?;
    }
    if args.show {
        print(&format!("{}\n", candidate.password))?;
    } else if args.out.is_none() {
        print("--show prints it, --out FILE writes it to a file\n")?;
    }
    let left = runtime()?.block_on(left_over(&resolved, &candidate.password, token));
    for name in left {
        print(&format!(
            "an account of an interrupted run is left: `{name}`; remove it with: curl -sk -X DELETE \
             -H \"Authorization: Bearer $TOKEN\" \"$WABIZSPEC_TARGET\"{}\n",
            path_of(&name)
        ))?;
    }
    Ok(CONFORMS)
}

/// Everything worth trying, the likeliest first: the journal's newest first, what the owner gave, and then what a target
/// may have made of these.
fn candidates(resolved: &Resolved) -> Vec<Candidate> {
    let journal = resolved.journal.as_ref();
    let known = journal.map_or_else(Vec::new, |journal| journal.earlier().passwords_of(&resolved.admin_name));
    let entries = known.iter().enumerate().map(|(index, password)| {
        let what = match index {
            0 => "the newest entry of the journal".to_owned(),
            index => format!("entry {} of the journal, counted from the newest", index + 1),
        };
        (password.clone(), what)
    });
    let configured = resolved.admin_password.iter();
    let configured = configured.map(|password| (password.clone(), "the password that was given".to_owned()));
    let plain: Vec<(String, String)> = entries.chain(configured).collect();
    let varied = plain.iter().flat_map(|(password, what)| {
        let spellings = spellings(password).into_iter();
        spellings.map(move |(spelling, how)| (spelling, format!("{what}, {how},")))
    });
    let mut candidates: Vec<Candidate> = Vec::new();
    for (password, what) in plain.iter().cloned().chain(varied) {
        if !candidates.iter().any(|known| known.password == password) {
            candidates.push(Candidate { password, what });
        }
    }
    candidates
}

fn admin(resolved: &Resolved, password: &str) -> Account {
    Account {
        username: resolved.admin_name.clone(),
        password: password.to_owned(),
    }
}

/// The first candidate that logs in, with its token.
async fn search<'c>(
    resolved: &Resolved,
    candidates: &'c [Candidate],
) -> Result<Option<(&'c Candidate, String)>, Failure> {
    for candidate in candidates {
        let account = admin(resolved, &candidate.password);
        let mut tries = 0;
        loop {
            match probe(&resolved.target, &account).await {
                Probe::LoggedIn(token) => return Ok(Some((candidate, token))),
                Probe::Refused | Probe::ChangeRequired => break,
                Probe::Throttled(wait) if tries < PATIENT_TRIES => {
                    tries += 1;
                    tokio::time::sleep(wait.min(Duration::from_secs(60))).await;
                }
                Probe::Throttled(_) => {
                    return Err(Failure::inconclusive(
                        "the target refuses more logins for now\n  help: wait a while, then run this again",
                    ));
                }
                Probe::Unreachable(why) => {
                    return Err(Failure::inconclusive(format!(
                        "{} cannot be asked: {why}",
                        resolved.target.origin()
                    )));
                }
            }
        }
    }
    // Nothing to try says nothing of the target: it must at least be there.
    match candidates.is_empty() {
        true => resolved
            .target
            .canary()
            .await
            .map(|()| None)
            .map_err(|why| Failure::inconclusive(format!("{} cannot be asked: {why}", resolved.target.origin()))),
        false => Ok(None),
    }
}

/// The accounts that the journal names and the target still has. The token is logged out.
async fn left_over(resolved: &Resolved, password: &str, token: String) -> Vec<String> {
    let accounts = Accounts::new(
        std::sync::Arc::clone(&resolved.target),
        resolved.admin_name.clone(),
        None,
        Custody::Disposable,
    );
    let admin = Admin {
        account: admin(resolved, password),
        token,
    };
    let mut left = Vec::new();
    for name in resolved
        .journal
        .iter()
        .flat_map(|journal| journal.earlier().other_accounts())
    {
        match accounts.exists(&admin, name).await {
            Some(true) => left.push(name.to_owned()),
            Some(false) => {}
            None => break,
        }
    }
    accounts.log_out(&admin.token).await;
    left
}

fn write_secret(path: &Path, password: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{password}")?;
    file.sync_all()
}
