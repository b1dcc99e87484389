//! `wabizspec recover`: which password an interrupted run left the admin with, and what else it left.
//!
//! It tries the passwords of the journal, newest first, and changes nothing; `--clean` removes accounts of such runs.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use tokio::sync::watch;

use super::fuzz_session::{OUT, kept_by_an_earlier_version};
use super::signal::{stop_on_signal, unless_stopped};
use super::target::{Resolved, TargetArgs};
use super::{CONFORMS, FINDINGS, Failure, INCONCLUSIVE, INTERRUPTED, cannot, print, runtime};
use crate::custody::accounts::{Account, Accounts, Admin};
use crate::custody::givens::DEFAULT_PASSWORD;
use crate::custody::journal::Journal;
use crate::custody::lock::RunLock;
use crate::custody::made::OwnName;
use crate::custody::recovery::{Probe, probe, spellings};
use crate::documented::api;
use crate::files;
use crate::plan::WRONG_LOGINS;

/// How often a target that throttles is asked again.
const PATIENT_TRIES: u32 = 5;

/// How long a logout may take after a signal to stop.
const LOGOUT: Duration = Duration::from_secs(2);

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wabizspec recover --target https://wabiz.internal:9090    say which password works
  wabizspec recover --target https://wabiz.internal:9090 --out admin.password
  wabizspec recover --target https://wabiz.internal:9090 --clean

At most 20 wrong logins are sent (--wrong-logins N), because a target may lock an account after too many. If more passwords \
are left to try, the output says how to continue.

Exit codes: 0 found · 1 no known password works · 2 usage error
            3 the target cannot be reached, more passwords are left to try, or --clean left accounts
            130 interrupted")]
pub(super) struct RecoverArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// Print the password
    #[arg(long)]
    show: bool,
    /// Write the password to a new file that only you can read
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Delete accounts that interrupted runs left behind
    #[arg(long)]
    clean: bool,
    /// Skip the first N passwords, which were tried already
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    skip: usize,
}

/// A password that may be the admin's, and what it is.
struct Candidate {
    password: String,
    what: String,
}

enum Found<'c> {
    /// This one logs in, with this token.
    Works(&'c Candidate, String),
    /// The documented default password still has to be changed.
    JustInstalled,
    Nothing,
    /// The budget is used up, and so many are left.
    Stopped(usize),
}

/// An account that is left, and why it was not removed.
type Left = (String, Option<String>);

pub(super) fn recover(args: &RecoverArgs) -> Result<u8, Failure> {
    let resolved = args.target.resolve(&[])?;
    let Some(journal) = resolved.journal() else {
        return Err(Failure::usage("there is no target to log in to\n  help: give --target URL"));
    };
    let locks = resolved.locks();
    // Changes need the lock; who only looks must not prevent a run from starting.
    let _lock = args.clean.then(|| RunLock::take(&locks)).transpose().map_err(Failure::usage)?;
    if let Some(holder) = RunLock::holder(&locks).filter(|_| !args.clean) {
        return Err(Failure::usage(format!(
            "a run is at work on this target ({holder}), and may be changing the password just now\n  help: wait until it ends"
        )));
    }
    let stop = stop_on_signal();
    let accounts = resolved.accounts(resolved.settings.custody.clone());
    let code = runtime()?.block_on(Recovery { args, resolved: &resolved, journal, accounts }.recover(&stop))?;
    Ok(if *stop.borrow() { INTERRUPTED } else { code })
}

struct Recovery<'r> {
    args: &'r RecoverArgs,
    resolved: &'r Resolved,
    journal: &'r Journal,
    accounts: Accounts,
}

impl Recovery<'_> {
    async fn recover(&self, stop: &watch::Receiver<bool>) -> Result<u8, Failure> {
        let (path, url) = (self.journal.path().display(), self.resolved.origin());
        let name = &self.resolved.settings.admin_name;
        let all = self.candidates();
        let candidates = all.get(self.args.skip..).unwrap_or_default();
        let budget = self.resolved.capabilities.wrong_logins.unwrap_or(WRONG_LOGINS) as usize;
        let Some(found) = unless_stopped(stop, self.search(candidates, budget)).await else {
            return print("interrupted; nothing was changed\n");
        };
        let (candidate, token) = match found? {
            Found::Works(candidate, token) => (candidate, token),
            Found::JustInstalled => {
                let what = "the documented default password is still in place";
                return print(&format!("{what} at {url}: no run has changed it\n"));
            }
            Found::Stopped(left) => {
                let tried = all.len() - left;
                print(&format!(
                    "none of the first {tried} passwords works at {url}; {left} more are known, but a target may lock an \
                     account after too many wrong logins\nhelp: wait a while, then continue with: wabizspec recover \
                     --target {url} --journal '{path}' --skip {tried}\n      --wrong-logins N allows more than {budget} at \
                     a time\n"
                ))?;
                return Ok(INCONCLUSIVE);
            }
            Found::Nothing => {
                let what = match all.len() {
                    // The default password is always among them.
                    ..=1 => format!("no password of {name} is known, and none was given"),
                    known => format!("none of the {known} passwords that are known works at {url}"),
                };
                print(&format!(
                    "{what}; the journal is {path}\nhelp: runs on another machine or by another user keep their own \
                     journal; name that file with --journal PATH\n"
                ))?;
                return Ok(FINDINGS);
            }
        };
        let account = self.accounts.admin_account(&candidate.password);
        let admin = Admin { account: Some(account.clone()), token };
        let done = match self.show(candidate) {
            Ok(()) => unless_stopped(stop, self.accounts_left(&admin, &account)).await,
            Err(failure) => Some(Err(failure)),
        };
        // The token is logged out in any case.
        match done {
            Some(done) => {
                self.accounts.log_out(&admin.token).await;
                done
            }
            None => {
                let _ = tokio::time::timeout(LOGOUT, self.accounts.log_out(&admin.token)).await;
                print("interrupted; the journal still names what is left\n")
            }
        }
    }

    /// Says which password works, and shows or writes it as asked.
    fn show(&self, candidate: &Candidate) -> Result<(), Failure> {
        print(&format!("found: {} works at {}\n", candidate.what, self.resolved.origin()))?;
        if let Some(out) = &self.args.out {
            write_secret(out, &candidate.password).map_err(cannot("write", out))?;
            print(&format!("it is in {} now, which only you can read\n", out.display()))?;
        }
        if self.args.show {
            print(&format!("{}\n", candidate.password))?;
        } else if self.args.out.is_none() {
            print("--show prints it, --out FILE writes it to a file\n")?;
        }
        Ok(())
    }

    /// Lists the accounts of interrupted runs, or removes them.
    async fn accounts_left(&self, admin: &Admin, account: &Account) -> Result<u8, Failure> {
        let mut left: Vec<Left> = Vec::new();
        for name in self.journal.earlier().other_accounts() {
            match self.accounts.exists(admin, name).await {
                Some(false) => self.journal.gone(name),
                None => left.push((name.to_owned(), Some("the target does not say whether it is there".to_owned()))),
                Some(true) if !self.args.clean => left.push((name.to_owned(), None)),
                Some(true) => match self.remove(admin, name).await {
                    Ok(()) => drop(print(&format!("removed: `{}`\n", name.escape_debug()))?),
                    Err(why) => left.push((name.to_owned(), Some(why))),
                },
            }
        }
        for (name, why) in &left {
            let why = why.as_ref().map_or(String::new(), |why| format!(" ({why})"));
            let (shown, path) = (name.escape_debug(), api::user(name));
            print(&format!(
                "an account of an interrupted run is left{why}: `{shown}`; remove it with: curl -s -X DELETE -H \
                 \"Authorization: Bearer $TOKEN\" \"$WABIZSPEC_TARGET\"{path}\n"
            ))?;
        }
        if !self.args.clean {
            let help = "help: --clean removes those that a run made up the name of\n";
            return if left.is_empty() { Ok(CONFORMS) } else { print(help) };
        }
        let path = self.journal.path().display();
        let failed = |why| Failure::inconclusive(format!("the journal {path} could not be written: {why}"));
        self.settle(account, &left).await.map_err(failed)?;
        Ok(if left.is_empty() { CONFORMS } else { INCONCLUSIVE })
    }

    async fn remove(&self, admin: &Admin, name: &str) -> Result<(), String> {
        let own = OwnName::of_an_earlier_run(name, self.journal.earlier());
        let own = own.ok_or("its name is not one that a run makes up")?;
        self.accounts.delete(admin, &own).await.map_err(|why| why.to_string())
    }

    /// Keeps in the journal only what is still needed: the password, unless the owner knows it, and the accounts left.
    async fn settle(&self, admin: &Account, left: &[Left]) -> Result<(), String> {
        for (name, _) in left {
            self.journal.made(name).await.map_err(|why| why.to_string())?;
        }
        let is_known = self.resolved.settings.admin_password.as_ref() == Some(&admin.password);
        let works = if is_known { &[][..] } else { std::slice::from_ref(admin) };
        self.journal.settle(works).await.map_err(|why| why.to_string())
    }

    /// Everything to try, likeliest first: the journal from its newest, what was given, the default, then variants.
    fn candidates(&self) -> Vec<Candidate> {
        let known = self.journal.earlier().passwords_of(&self.resolved.settings.admin_name);
        let entries = known.into_iter().enumerate().map(|(index, password)| match index {
            0 => (password, "the newest entry of the journal".to_owned()),
            index => (password, format!("entry {} of the journal, counted from the newest", index + 1)),
        });
        let given = self.resolved.settings.admin_password.clone();
        let given = given.map(|password| (password, "the password that was given".to_owned()));
        let kept = kept_by_an_earlier_version(Path::new(OUT), self.resolved.origin());
        let kept = kept.map(|(password, file)| (password, format!("the password in {}", file.display())));
        let default = (DEFAULT_PASSWORD.to_owned(), "the documented default password".to_owned());
        let plain: Vec<(String, String)> = entries.chain(given).chain(kept).chain([default]).collect();
        let varied = plain.iter().flat_map(|(password, what)| {
            let spellings = spellings(password).into_iter();
            spellings.map(move |(spelling, how)| (spelling, format!("{what}, {how},")))
        });
        let mut seen = BTreeSet::new();
        let new = plain.iter().cloned().chain(varied).filter(|(password, _)| seen.insert(password.clone()));
        new.map(|(password, what)| Candidate { password, what }).collect()
    }

    /// The first candidate that logs in, with its token; `budget` is how many may be refused.
    async fn search<'c>(&self, candidates: &'c [Candidate], budget: usize) -> Result<Found<'c>, Failure> {
        let target = &self.resolved.target;
        let cannot = |why: String| Failure::inconclusive(format!("{} cannot be asked: {why}", self.resolved.origin()));
        for (index, candidate) in candidates.iter().enumerate() {
            // Until one logs in, each was a wrong login.
            if index == budget {
                return Ok(Found::Stopped(candidates.len() - index));
            }
            let account = self.accounts.admin_account(&candidate.password);
            for tries in 0..=PATIENT_TRIES {
                match probe(target, &account).await {
                    Probe::LoggedIn(token) => return Ok(Found::Works(candidate, token)),
                    Probe::ChangeRequired if candidate.password == DEFAULT_PASSWORD => return Ok(Found::JustInstalled),
                    Probe::Refused(_) | Probe::ChangeRequired => break,
                    Probe::Throttled(wait) if tries < PATIENT_TRIES => {
                        tokio::time::sleep(wait.min(Duration::from_secs(60))).await;
                    }
                    Probe::Throttled(_) => {
                        let why = "the target refuses more logins for now\n  help: wait a while, then run this again";
                        return Err(Failure::inconclusive(why));
                    }
                    Probe::Unreachable(why) => return Err(cannot(why)),
                }
            }
        }
        // Without a candidate nothing was sent: the target must at least be there.
        if candidates.is_empty() {
            target.transport.canary().await.map_err(|none| cannot(none.to_string()))?;
        }
        Ok(Found::Nothing)
    }
}

fn write_secret(path: &Path, password: &str) -> io::Result<()> {
    let mut file = files::create_private(path)?;
    writeln!(file, "{password}")?;
    file.sync_all()
}
