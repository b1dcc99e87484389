use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

mod growth;

fn credentials(account: &str, password: &str) -> Credentials {
    Credentials { account: account.to_owned(), password: password.to_owned() }
}

#[tokio::test]
async fn what_was_recorded_is_read_again_newest_first() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("new/folder/a.journal");
    let journal = Journal::open(&path, "http://a:1", "admin").expect("journal");
    assert!(!path.exists(), "nothing is written before there is something to record");
    for password in ["one", "two", "one", "one"] {
        journal.record(&[credentials("admin", password)]).await.expect("record");
    }
    journal.record(&[credentials("w1", "three")]).await.expect("record");
    let known = Journal::read(&path).expect("read").expect("there");
    assert_eq!(known.passwords_of("admin"), ["one", "two"]);
    assert_eq!(known.other_accounts().into_iter().collect::<Vec<_>>(), ["w1"]);
    let mode = std::fs::metadata(&path).expect("file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!format!("{journal:?}{known:?}").contains("three"), "secrets are not for debugging");
}

#[tokio::test]
async fn a_line_that_was_cut_off_costs_no_other() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("a.journal");
    let first = Journal::open(&path, "http://a:1", "admin").expect("journal");
    first.record(&[credentials("admin", "one"), credentials("admin", "two")]).await.expect("record");
    let whole = std::fs::read(&path).expect("file");
    for cut in 0..whole.len() {
        std::fs::write(&path, &whole[..cut]).expect("cut");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("mode");
        let again = Journal::open(&path, "http://a:1", "admin").unwrap_or_else(|error| panic!("cut at {cut}: {error}"));
        again.record(&[credentials("admin", "three")]).await.expect("record");
        let known = Journal::read(&path).expect("read").expect("there");
        assert_eq!(known.passwords_of("admin").first().map(String::as_str), Some("three"), "cut at {cut}");
        let mode = std::fs::metadata(&path).expect("file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "an open file is closed to others");
    }
}

#[tokio::test]
async fn what_is_not_this_targets_journal_is_left_alone() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("a.journal");
    std::fs::write(&path, "dear diary\n").expect("file");
    assert!(matches!(Journal::open(&path, "http://a:1", "admin"), Err(JournalError::Foreign { .. })));
    std::fs::remove_file(&path).expect("remove");
    let other = Journal::open(&path, "http://b:1", "admin").expect("journal");
    other.prepare().await.expect("prepare");
    let error = Journal::open(&path, "http://a:1", "admin").expect_err("other");
    assert!(error.to_string().contains("http://b:1"), "{error}");
}

#[tokio::test]
async fn settling_keeps_what_works_or_leaves_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("a.journal");
    let journal = Journal::open(&path, "http://a:1", "admin").expect("journal");
    journal.record(&[credentials("admin", "one"), credentials("admin", "two")]).await.expect("record");
    journal.settle(&[credentials("admin", "one")]).await.expect("settle");
    let known = Journal::read(&path).expect("read").expect("there");
    assert_eq!(known.passwords_of("admin"), ["one"]);
    journal.settle(&[]).await.expect("settle");
    assert!(!path.exists());
}

/// Counts syncs, does them when it is let, and holds for sure only what was synced.
#[derive(Debug, Default)]
struct Held {
    syncs: Arc<AtomicUsize>,
    synced: Arc<Mutex<Vec<u8>>>,
    written: Vec<u8>,
    /// Whoever locks it lets no sync be done.
    hold: Arc<tokio::sync::Mutex<()>>,
}

impl Disk for Held {
    fn append(&mut self, _: &[u8], lines: &[u8], sync: bool) -> io::Result<()> {
        self.written.extend_from_slice(lines);
        if lines.is_empty() || !sync {
            return Ok(());
        }
        drop(self.hold.blocking_lock());
        self.syncs.fetch_add(1, Ordering::Relaxed);
        self.synced.lock().expect("synced").append(&mut self.written);
        Ok(())
    }

    fn replace(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn remove(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Lets every task go as far as it can.
async fn under_way() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn entries_that_come_together_share_a_sync_and_none_returns_before_its_own() {
    let disk = Held::default();
    let (syncs, lines, hold) = (Arc::clone(&disk.syncs), Arc::clone(&disk.synced), Arc::clone(&disk.hold));
    let path = Path::new("/nowhere/at/all.journal");
    let journal = Arc::new(Journal::on(path, "http://a:1", "admin", Box::new(disk)).expect("journal"));
    let held = hold.lock().await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..50 {
        let (journal, lines) = (Arc::clone(&journal), Arc::clone(&lines));
        tasks.spawn(async move {
            let password = format!("<{number}>");
            journal.record(&[credentials("admin", &password)]).await.expect("record");
            let on_disk = String::from_utf8_lossy(&lines.lock().expect("lines")).into_owned();
            assert!(on_disk.contains(&password), "{password} was not on disk");
        });
    }
    // All of them are under way before the first sync is done.
    under_way().await;
    drop(held);
    while let Some(done) = tasks.join_next().await {
        done.expect("task");
    }
    let syncs = syncs.load(Ordering::Relaxed);
    assert!((1..=2).contains(&syncs), "{syncs} syncs");
    assert_eq!(String::from_utf8_lossy(&lines.lock().expect("lines")).lines().count(), 50);
}

#[tokio::test]
async fn what_is_on_disk_already_needs_no_sync_and_what_is_on_its_way_is_waited_for() {
    let disk = Held::default();
    let (syncs, synced, hold) = (Arc::clone(&disk.syncs), Arc::clone(&disk.synced), Arc::clone(&disk.hold));
    let path = Path::new("/nowhere/at/all.journal");
    let journal = Arc::new(Journal::on(path, "http://a:1", "admin", Box::new(disk)).expect("journal"));
    let holds = |password: &str| String::from_utf8_lossy(&synced.lock().expect("synced")).contains(password);
    let batch: Vec<Credentials> = (0..40).map(|number| credentials("w1", &format!("<{number}>"))).collect();
    journal.record(&batch).await.expect("record");
    assert_eq!(syncs.load(Ordering::Relaxed), 1, "a batch is one sync");
    for given in &batch {
        journal.record(std::slice::from_ref(given)).await.expect("record");
    }
    assert_eq!(syncs.load(Ordering::Relaxed), 1, "only their order changed");
    journal.record(&[credentials("w2", "<7>")]).await.expect("record");
    assert_eq!(syncs.load(Ordering::Relaxed), 2, "another account is another matter");
    // Whoever comes second with the same password must not be ahead of the sync of the first.
    let held = hold.lock().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..2 {
        let journal = Arc::clone(&journal);
        tasks.spawn(async move { journal.record(&[credentials("admin", "<new>")]).await });
    }
    under_way().await;
    assert!(tasks.try_join_next().is_none(), "neither is on disk");
    drop(held);
    tasks.join_next().await.expect("one").expect("task").expect("record");
    assert!(holds("<new>"));
    // A journal that was settled holds nothing of what was recorded.
    journal.settle(&[]).await.expect("settle");
    journal.record(&batch[..1]).await.expect("record");
    assert_eq!(syncs.load(Ordering::Relaxed), 4);
}

#[derive(Debug)]
struct Full;

impl Disk for Full {
    fn append(&mut self, _: &[u8], _: &[u8], _: bool) -> io::Result<()> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn replace(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn remove(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_disk_that_failed_is_never_trusted_again() {
    let path = Path::new("/nowhere/at/all.journal");
    let journal = Journal::on(path, "http://a:1", "admin", Box::new(Full)).expect("journal");
    for _ in 0..2 {
        let why = journal.record(&[credentials("admin", "one")]).await.expect_err("full");
        assert!(why.contains("nothing was sent") && !why.contains("one\""), "{why}");
    }
}

#[tokio::test]
async fn accounts_are_named_until_they_are_gone_also_after_the_journal_is_settled() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("a.journal");
    let named = |known: Known| known.other_accounts().into_iter().map(str::to_owned).collect::<Vec<_>>();
    let read = || Journal::read(&path).expect("read").expect("there");
    let journal = Journal::open(&path, "http://a:1", "admin").expect("journal");
    journal.record(&[credentials("w1", "one")]).await.expect("record");
    journal.made("w2").await.expect("made");
    journal.made("w3").await.expect("made");
    assert_eq!(named(read()), ["w1", "w2", "w3"]);
    journal.gone("w1");
    journal.gone("w2");
    journal.made("w4").await.expect("made");
    assert_eq!(named(read()), ["w3", "w4"]);
    journal.settle(&[credentials("admin", "two")]).await.expect("settle");
    assert_eq!(
        (named(read()), read().passwords_of("admin")),
        (vec!["w3".to_owned(), "w4".to_owned()], vec!["two".to_owned()])
    );
    // The next run knows them too.
    let next = Journal::open(&path, "http://a:1", "admin").expect("journal");
    next.all_gone();
    next.settle(&[]).await.expect("settle");
    assert!(!path.exists());
}

#[tokio::test]
async fn a_journal_that_has_grown_is_written_anew_and_loses_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("a.journal");
    let first = Journal::open(&path, "http://a:1", "admin").expect("journal");
    first.record(&[credentials("admin", "one")]).await.expect("record");
    let journal = Journal::open(&path, "http://a:1", "admin").expect("journal");
    journal.made("w0").await.expect("made");
    for number in 0..500 {
        let name = format!("w{number}{}", "x".repeat(8192));
        journal.made(&name).await.expect("made");
        journal.gone(&name);
    }
    journal.record(&[credentials("admin", "two")]).await.expect("record");
    let size = std::fs::metadata(&path).expect("file").len();
    assert!(size < 2 << 20, "{size} bytes");
    let known = Journal::read(&path).expect("read").expect("there");
    assert_eq!(known.passwords_of("admin"), ["two", "one"]);
    assert_eq!(known.other_accounts().into_iter().collect::<Vec<_>>(), ["w0"]);
}

#[tokio::test]
async fn what_only_begins_like_a_journal_is_never_touched() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("a.journal");
    let whole = String::from_utf8(Entry::opened("http://a:1", "admin").line()).expect("text");
    let whole = whole.trim_end();
    for text in [
        "{\"opened\":\n".to_owned(),
        "{\"opened\":anything".to_owned(),
        "{\"opened\":{\"schema\":\"wabizspec/journal/1\",\"target\":\"http://a:1\n\"and\":\"more\"}\n".to_owned(),
        "{\"opened\":{\"schema\":\"wabizspec/journal/1\",\"target\":\"\"},".to_owned(),
        format!("{whole} and more\n"),
        format!("\n{whole}\n"),
        format!("{{\"password\":{{\"account\":\"admin\",\"password\":\"one\"}}}}\n{whole}\n"),
        whole.replace("journal/1", "journal/2") + "\n",
        "\n".to_owned(),
    ] {
        std::fs::write(&path, &text).expect("file");
        let opened = Journal::open(&path, "http://a:1", "admin");
        assert!(matches!(opened, Err(JournalError::Foreign { .. })), "{text}");
        // The file may also come while a run lasts.
        std::fs::remove_file(&path).expect("remove");
        let journal = Journal::open(&path, "http://a:1", "admin").expect("journal");
        std::fs::write(&path, &text).expect("file");
        journal.settle(&[]).await.expect_err("removed");
        journal.settle(&[credentials("admin", "one")]).await.expect_err("replaced");
        journal.record(&[credentials("admin", "one")]).await.expect_err("appended to");
        assert_eq!(std::fs::read_to_string(&path).expect("file"), text);
    }
}
