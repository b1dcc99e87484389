use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::files;

mod growth;

fn account(name: &str, password: &str) -> Account {
    Account { username: name.to_owned(), password: password.to_owned() }
}

fn admin<const N: usize>(passwords: [&str; N]) -> [Account; N] {
    passwords.map(|password| account("admin", password))
}

fn many(count: usize) -> Vec<Account> {
    (0..count).map(|number| account("admin", &number.to_string())).collect()
}

/// The path of a journal, in a folder that does not exist yet.
struct Place {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Place {
    fn new() -> Place {
        let folder = tempfile::tempdir().expect("folder");
        Place { path: folder.path().join("new/folder/a.journal"), _folder: folder }
    }

    fn try_open(&self) -> Result<Journal, JournalError> {
        Journal::open(&self.path, Vec::new(), "http://a:1", "admin")
    }

    fn open(&self) -> Journal {
        self.try_open().expect("journal")
    }

    fn read(&self) -> Known {
        Journal::read(&self.path).expect("read").expect("there")
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.path).expect("file")
    }

    fn write(&self, text: impl AsRef<[u8]>) {
        files::folder_for_private(&self.path).expect("folder");
        std::fs::write(&self.path, text).expect("file");
    }

    fn mode(&self) -> u32 {
        std::fs::metadata(&self.path).expect("file").permissions().mode() & 0o777
    }
}

fn names(known: &Known) -> Vec<&str> {
    known.other_accounts().into_iter().collect()
}

#[tokio::test]
async fn what_was_recorded_is_read_again_newest_first() {
    let place = Place::new();
    let journal = place.open();
    assert!(!place.path.exists(), "nothing is written before there is something to record");
    for password in ["one", "two", "one", "one"] {
        journal.record(&admin([password])).await.expect("record");
    }
    journal.record(&[account("w1", "three")]).await.expect("record");
    let known = place.read();
    assert_eq!(known.passwords_of("admin"), ["one", "two"]);
    assert_eq!(names(&known), ["w1"]);
    assert_eq!(place.mode(), 0o600);
    assert!(!format!("{journal:?}{known:?}").contains("three"), "secrets are not for debugging");
}

#[tokio::test]
async fn a_line_that_was_cut_off_costs_no_other() {
    let place = Place::new();
    place.open().record(&admin(["one", "two"])).await.expect("record");
    let whole = place.text();
    for cut in 0..whole.len() {
        place.write(&whole[..cut]);
        std::fs::set_permissions(&place.path, std::fs::Permissions::from_mode(0o644)).expect("mode");
        let again = place.try_open().unwrap_or_else(|error| panic!("cut at {cut}: {error}"));
        again.record(&admin(["three"])).await.expect("record");
        assert_eq!(place.read().passwords_of("admin").first().map(String::as_str), Some("three"), "cut at {cut}");
        assert_eq!(place.mode(), 0o600, "an open file is closed to others");
    }
}

#[tokio::test]
async fn the_journal_of_another_target_is_not_opened() {
    let place = Place::new();
    let other = Journal::open(&place.path, Vec::new(), "http://b:1", "admin").expect("journal");
    other.prepare().await.expect("prepare");
    let error = place.try_open().expect_err("other");
    assert!(error.to_string().contains("http://b:1"), "{error}");
}

/// A disk that counts syncs, does them only while nobody locks `hold`, and keeps for sure only what was synced.
#[derive(Debug, Default, Clone)]
struct Held {
    syncs: Arc<AtomicUsize>,
    synced: Arc<Mutex<Vec<u8>>>,
    written: Vec<u8>,
    hold: Arc<tokio::sync::Mutex<()>>,
    is_full: bool,
}

impl Disk for Held {
    fn append(&mut self, _: &[u8], lines: &[u8], sync: bool) -> io::Result<()> {
        if self.is_full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.written.extend_from_slice(lines);
        if lines.is_empty() || !sync {
            return Ok(());
        }
        drop(self.hold.blocking_lock());
        self.syncs.fetch_add(1, Ordering::Relaxed);
        self.synced.lock().expect("synced").append(&mut self.written);
        Ok(())
    }

    fn replace(&mut self, _: Option<&[u8]>) -> io::Result<()> {
        Ok(())
    }
}

impl Held {
    fn journal(&self) -> Arc<Journal> {
        let (path, disk) = (Path::new("/nowhere/at/all.journal"), Box::new(self.clone()));
        Arc::new(Journal::on(path, Known::default(), "http://a:1", "admin", disk).expect("journal"))
    }

    fn syncs(&self) -> usize {
        self.syncs.load(Ordering::Relaxed)
    }

    fn synced(&self) -> String {
        String::from_utf8_lossy(&self.synced.lock().expect("synced")).into_owned()
    }
}

async fn under_way() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn entries_that_come_together_share_a_sync_and_none_returns_before_its_own() {
    let disk = Held::default();
    let journal = disk.journal();
    let held = disk.hold.lock().await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..50 {
        let (journal, disk) = (Arc::clone(&journal), disk.clone());
        tasks.spawn(async move {
            let password = format!("<{number}>");
            journal.record(&admin([&password])).await.expect("record");
            assert!(disk.synced().contains(&password), "{password} was not on disk");
        });
    }
    // All of them are under way before the first sync is done.
    under_way().await;
    drop(held);
    while let Some(done) = tasks.join_next().await {
        done.expect("task");
    }
    assert!((1..=2).contains(&disk.syncs()), "{} syncs", disk.syncs());
    assert_eq!(disk.synced().lines().count(), 50);
}

#[tokio::test]
async fn what_is_on_disk_already_needs_no_sync_and_what_is_on_its_way_is_waited_for() {
    let disk = Held::default();
    let journal = disk.journal();
    let batch: Vec<Account> = (0..40).map(|number| account("w1", &format!("<{number}>"))).collect();
    journal.record(&batch).await.expect("record");
    assert_eq!(disk.syncs(), 1, "a batch is one sync");
    for given in &batch {
        journal.record(std::slice::from_ref(given)).await.expect("record");
    }
    assert_eq!(disk.syncs(), 1, "only their order changed");
    journal.record(&[account("w2", "<7>")]).await.expect("record");
    assert_eq!(disk.syncs(), 2, "another account is another matter");
    // The second caller with the same password must wait for the sync of the first.
    let held = disk.hold.lock().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..2 {
        let journal = Arc::clone(&journal);
        tasks.spawn(async move { journal.record(&admin(["<new>"])).await });
    }
    under_way().await;
    assert!(tasks.try_join_next().is_none(), "neither is on disk");
    drop(held);
    tasks.join_next().await.expect("one").expect("task").expect("record");
    assert!(disk.synced().contains("<new>"));
    // A journal that was settled holds nothing of what was recorded.
    journal.settle(&[]).await.expect("settle");
    journal.record(&batch[..1]).await.expect("record");
    assert_eq!(disk.syncs(), 4);
}

#[tokio::test]
async fn what_needs_no_sync_is_written_without_another_thread() {
    let disk = Held::default();
    let journal = disk.journal();
    journal.made("w1").await.expect("the file is begun");
    let held = disk.hold.lock().await;
    let (other, synced) = (Arc::clone(&journal), admin(["one"]));
    let synced = tokio::spawn(async move { other.record(&synced).await });
    // The disk is busy, so this one waits behind it and reaches the disk after all.
    let other = Arc::clone(&journal);
    under_way().await;
    let waits = tokio::spawn(async move { other.made("w2").await });
    under_way().await;
    assert!(!waits.is_finished() && !synced.is_finished());
    drop(held);
    waits.await.expect("task").expect("on disk");
    synced.await.expect("task").expect("on disk");
    // With nobody at the disk nothing is waited for: the first poll is the last.
    let mut at_once = std::pin::pin!(journal.made("w3"));
    let done = std::future::poll_fn(|cx| std::task::Poll::Ready(at_once.as_mut().poll(cx).is_ready())).await;
    assert!(done, "another thread was asked");
}

#[tokio::test]
async fn a_disk_that_failed_is_never_trusted_again() {
    let journal = Held { is_full: true, ..Held::default() }.journal();
    for _ in 0..2 {
        let why = journal.record(&admin(["one"])).await.expect_err("full").to_string();
        assert!(why.contains("nothing was sent") && !why.contains("one\""), "{why}");
    }
}

#[tokio::test]
async fn settling_keeps_what_works_and_accounts_that_are_not_gone_or_leaves_nothing() {
    let place = Place::new();
    let journal = place.open();
    journal.record(&[account("w1", "one"), account("admin", "one"), account("admin", "two")]).await.expect("record");
    journal.made("w2").await.expect("made");
    journal.made("w3").await.expect("made");
    assert_eq!(names(&place.read()), ["w1", "w2", "w3"]);
    journal.gone("w1");
    journal.gone("w2");
    journal.made("w4").await.expect("made");
    assert_eq!(names(&place.read()), ["w3", "w4"]);
    journal.settle(&admin(["one"])).await.expect("settle");
    assert_eq!(names(&place.read()), ["w3", "w4"]);
    assert_eq!(place.read().passwords_of("admin"), ["one"]);
    assert!(!place.text().contains("works"), "nobody has tried it");
    // The next run knows them too.
    let next = place.open();
    next.all_gone();
    next.settle(&[]).await.expect("settle");
    assert!(!place.path.exists());
}

#[tokio::test]
async fn a_file_that_is_not_a_journal_is_never_changed() {
    let place = Place::new();
    let whole = String::from_utf8(Entry::opened("http://a:1", "admin").line()).expect("text");
    let whole = whole.trim_end();
    for text in [
        "dear diary\n".to_owned(),
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
        place.write(&text);
        assert!(matches!(place.try_open(), Err(JournalError::Foreign(_))), "{text}");
        // The file may also appear while a run lasts.
        std::fs::remove_file(&place.path).expect("remove");
        let journal = place.open();
        place.write(&text);
        journal.settle(&[]).await.expect_err("removed");
        journal.settle(&admin(["one"])).await.expect_err("replaced");
        journal.record(&admin(["one"])).await.expect_err("appended to");
        assert_eq!(place.text(), text);
    }
}
