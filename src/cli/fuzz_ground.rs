//! What `fuzz` and `replay` need before they begin: leave to fuzz the target, and the admin's login.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Failure;
use super::target::Resolved;
use crate::fuzz::subject::Ground;
use crate::judge::Oracles;
use crate::requirement::Register;
use crate::scenario::Change;
use crate::target::accounts::Accounts;
use crate::target::custody::Custody;
use crate::target::givens::Givens;
use crate::target::names;
use crate::target::origin::Origin;

/// Refuses hosts that nobody has released for fuzzing.
pub(super) fn may_be_fuzzed(resolved: &Resolved) -> Result<(), Failure> {
    let origin = resolved.target.origin();
    if origin.is_loopback() {
        return Ok(());
    }
    let host = origin.connect_host();
    if resolved.allow_hosts.iter().any(|allowed| allowed == host) {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{host} is another machine, and nobody has said that it may be fuzzed\n  help: if it is yours, add\n    [fuzz]\n    \
         allow_hosts = [\"{host}\"]\n  to wabizspec.toml"
    )))
}

/// A seed for those who gave none.
pub(super) fn random_seed() -> u64 {
    let mut bytes = [0; 8];
    // Without entropy any seed will do.
    let _ = getrandom::fill(&mut bytes);
    // Short enough to be copied by hand.
    u64::from_le_bytes(bytes) % 1_000_000_000
}

/// The target with a login, if one is to be had.
pub(super) struct Standing {
    /// Removes what was made.
    pub givens: Givens,
    /// What is fuzzed, or why it cannot be.
    pub ground: Result<Ground, String>,
    /// What people should know.
    pub notes: Vec<String>,
}

/// The folder that findings go to unless another is named.
pub(super) const OUT: &str = "wabizspec-fuzz";

/// The file that keeps the password of an admin who had none of his own: one for each target, so that no password is
/// lost to another.
fn password_file(out: &Path, origin: &Origin) -> PathBuf {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let target: String = origin.to_string().chars().map(plain).collect();
    out.join(format!("admin-password-{target}"))
}

/// Logs in as admin; by a first login where the target is disposable.
pub(super) async fn stand(resolved: &Resolved, register: &Register, out: &Path, large: bool) -> Standing {
    let embedded = resolved.info.embedded;
    let loopback = resolved.target.origin().is_loopback();
    let disposable = embedded || resolved.capabilities.fresh;
    let file = password_file(out, resolved.target.origin());
    let mut notes = Vec::new();
    let mut password = resolved.admin_password.clone();
    if password.is_none() && !embedded {
        let beside = password_file(Path::new(OUT), resolved.target.origin());
        let kept = fs::read_to_string(&file).or_else(|_| fs::read_to_string(beside));
        password = kept.ok().map(|text| text.trim_end().to_owned());
    }
    let givens = |password: Option<String>, fresh: bool| {
        let target = Arc::clone(&resolved.target);
        let accounts = Accounts::new(
            Arc::clone(&target),
            resolved.admin_name.clone(),
            password,
            Custody::Disposable,
        );
        Givens::new(target, Arc::new(accounts), fresh)
    };
    // First without changing anything.
    let mut standing = givens(password.clone(), disposable && embedded);
    let mut admin = standing.admin().await;
    if admin.is_err() && !embedded && (loopback || resolved.capabilities.fresh) {
        let new = resolved.admin_password.clone().unwrap_or_else(names::password);
        // Before it is sent: whatever happens then, the password is known.
        match keep(out, &file, &new) {
            Err(why) => admin = Err(why),
            Ok(()) => {
                standing = givens(Some(new.clone()), true);
                admin = standing.admin().await;
                if admin.is_err() {
                    // A faulty target may refuse the first login and take the password all the same.
                    standing = givens(Some(new), false);
                    admin = standing.admin().await;
                }
                if admin.is_ok() {
                    notes.push(format!(
                        "the target was just installed; its admin's password is in {}",
                        file.display()
                    ));
                }
            }
        }
    }
    let ground = admin.map(|admin| {
        let target = Arc::clone(&resolved.target);
        let mut ground = Ground::new(target, Some(admin), standing.accounts(), Oracles::of(register));
        ground.registers = embedded || resolved.capabilities.allow.contains(&Change::Registration);
        ground.disposable = disposable;
        ground.large = large;
        ground
    });
    Standing {
        givens: standing,
        ground: ground.map_err(|why| format!("the fuzzer cannot log in: {why}\n  help: set WABIZSPEC_ADMIN_PASSWORD")),
        notes,
    }
}

/// Writes the password where only its owner reads it, and waits until it is on the disk.
fn keep(out: &Path, file: &Path, password: &str) -> Result<(), String> {
    use std::os::unix::fs::OpenOptionsExt;
    let write = || {
        fs::create_dir_all(out)?;
        let mut opened = fs::OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(file)?;
        writeln!(opened, "{password}")?;
        opened.sync_all()
    };
    write().map_err(|error| format!("the new password cannot be kept in {}: {error}", file.display()))
}
