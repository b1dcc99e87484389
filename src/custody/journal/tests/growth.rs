//! A journal that is never settled: what it leaves out, and what it never does.

use super::*;

/// The file's lines.
fn lines(path: &Path) -> usize {
    std::fs::read_to_string(path).expect("file").lines().count()
}

#[tokio::test]
async fn a_journal_that_is_never_settled_does_not_grow_for_ever() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("a.journal");
    let mut working = "owner's".to_owned();
    for run in 0..60 {
        let journal = Journal::open(&path, "http://a:1", "admin").expect("journal");
        if run > 0 {
            let known = journal.earlier().passwords_of("admin");
            assert!(known.contains(&working), "run {run} finds the one that works");
        }
        let tried: Vec<Credentials> = (0..50).map(|number| credentials("admin", &format!("{run}-{number}"))).collect();
        journal.record(&[credentials("admin", &working)]).await.expect("record");
        journal.works(credentials("admin", &working)).await.expect("works");
        for given in &tried {
            journal.record(std::slice::from_ref(given)).await.expect("record");
        }
        // The target took one of them, and the run was killed before it knew which.
        working = tried[7].password.clone();
    }
    assert!(lines(&path) <= 1_000 + 60, "{} lines", lines(&path));
}

#[tokio::test]
async fn nothing_is_left_out_that_may_work() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("a.journal");
    let of_user = credentials("w1", "user's");
    let open = || Journal::open(&path, "http://a:1", "admin").expect("journal");
    let first = open();
    first.record(&[of_user.clone(), credentials("admin", "lost")]).await.expect("record");
    let second = open();
    // What was noted as working without a password before it was noted by settling, and tried by nobody.
    second.works(credentials("admin", "untried")).await.expect("works");
    let third = open();
    third.record(&[credentials("admin", "found")]).await.expect("record");
    let batch: Vec<Credentials> = (0..1_100).map(|number| credentials("admin", &format!("{number}"))).collect();
    third.record(&batch).await.expect("record");
    let fourth = open();
    fourth.record(&[credentials("admin", "newest")]).await.expect("record");
    let known = Journal::read(&path).expect("read").expect("there");
    assert_eq!(known.passwords_of("admin").len(), 2 + 1 + 1_100 + 1, "nobody has logged in");
    fourth.works(credentials("admin", "found")).await.expect("works");
    let fifth = open();
    fifth.record(&[credentials("admin", "last")]).await.expect("record");
    let known = Journal::read(&path).expect("read").expect("there");
    assert_eq!(known.passwords_of("admin"), ["last", "found", "newest"]);
    assert_eq!(known.passwords_of("w1"), ["user's"]);
    assert_eq!(lines(&path), 1 + 3 + 1 + 1);
}

#[tokio::test]
async fn settling_says_of_no_password_that_it_works() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("a.journal");
    let journal = Journal::open(&path, "http://a:1", "admin").expect("journal");
    let two = [credentials("admin", "one"), credentials("admin", "two")];
    journal.record(&two).await.expect("record");
    journal.settle(&two).await.expect("settle");
    assert!(!std::fs::read_to_string(&path).expect("file").contains("works"));
}

#[tokio::test]
async fn a_login_is_noted_also_where_that_password_is_the_newest() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("a.journal");
    let journal = Journal::open(&path, "http://a:1", "admin").expect("journal");
    journal.record(&[credentials("admin", "one")]).await.expect("record");
    for _ in 0..3 {
        journal.works(credentials("admin", "one")).await.expect("works");
    }
    let text = std::fs::read_to_string(&path).expect("file");
    assert_eq!(text.matches("{\"works\"").count(), 1, "{text}");
}

#[tokio::test]
async fn a_journal_takes_no_entry_with_which_it_could_not_be_read() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("a.journal");
    let first = Journal::open(&path, "http://a:1", "admin").expect("journal");
    first.record(&[credentials("admin", "one")]).await.expect("record");
    let mut text = std::fs::read(&path).expect("file");
    // A line of a later version.
    text.resize((8 << 20) - 200, b'x');
    text.push(b'\n');
    std::fs::write(&path, text).expect("file");
    let journal = Journal::open(&path, "http://a:1", "admin").expect("journal");
    journal.record(&[credentials("admin", "two")]).await.expect("there is room");
    let long = credentials("admin", &"x".repeat(200));
    let why = journal.record(&[long]).await.expect_err("too large");
    assert!(why.contains("wabizspec recover") && why.contains("nothing was sent"), "{why}");
    let known = Journal::read(&path).expect("read").expect("there");
    assert_eq!(known.passwords_of("admin"), ["two", "one"]);
}

/// Makes the journal grow until it is written anew.
async fn grow(journal: &Journal) {
    for number in 0..200 {
        let name = format!("w{number}{}", "x".repeat(8192));
        journal.made(&name).await.expect("made");
        journal.gone(&name);
    }
}

#[tokio::test]
async fn a_journal_that_is_written_anew_holds_what_the_former_one_held() {
    let folder = tempfile::tempdir().expect("folder");
    let (former, path) = (folder.path().join("old.journal"), folder.path().join("new.journal"));
    let old = Journal::open(&former, "http://127.0.0.1:1", "admin").expect("journal");
    old.record(&[credentials("admin", "old")]).await.expect("record");
    old.made("w1").await.expect("made");
    let journal = Journal::open_with_former(&path, vec![former.clone()], "http://localhost:1", "admin");
    let journal = journal.expect("journal");
    journal.record(&[credentials("admin", "new")]).await.expect("record");
    assert!(former.exists(), "only the former one holds its passwords");
    grow(&journal).await;
    assert!(!former.exists());
    let known = Journal::read(&path).expect("read").expect("there");
    assert_eq!(known.passwords_of("admin"), ["new", "old"]);
    assert!(known.other_accounts().contains("w1"));
}

#[tokio::test]
async fn a_run_whose_journal_was_written_anew_is_still_one_run() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("a.journal");
    let journal = Journal::open(&path, "http://a:1", "admin").expect("journal");
    let batch: Vec<Credentials> = (0..1_100).map(|number| credentials("admin", &format!("{number}"))).collect();
    journal.record(&batch).await.expect("record");
    grow(&journal).await;
    // A request of before may still be on its way when the admin logs in.
    journal.record(&[credentials("admin", "later")]).await.expect("record");
    journal.works(credentials("admin", "later")).await.expect("works");
    let next = Journal::open(&path, "http://a:1", "admin").expect("journal");
    next.record(&[credentials("admin", "next")]).await.expect("record");
    let known = Journal::read(&path).expect("read").expect("there");
    assert_eq!(known.passwords_of("admin").len(), 1_102);
}
