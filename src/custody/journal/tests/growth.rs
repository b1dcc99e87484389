//! A journal that is never settled: what it leaves out, and what it never does.

use super::*;

#[tokio::test]
async fn a_journal_that_is_never_settled_does_not_grow_without_end() {
    let place = Place::new();
    let mut working = "owner's".to_owned();
    for run in 0..60 {
        let journal = place.open();
        if run > 0 {
            let known = journal.earlier().passwords_of("admin");
            assert!(known.contains(&working), "run {run} finds the one that works");
        }
        let tried: Vec<Account> = (0..50).map(|number| account("admin", &format!("{run}-{number}"))).collect();
        journal.record(&admin([&working])).await.expect("record");
        journal.works(account("admin", &working)).await.expect("works");
        for given in &tried {
            journal.record(std::slice::from_ref(given)).await.expect("record");
        }
        // The target took one of them, and the run was killed before it knew which.
        working = tried[7].password.clone();
    }
    let lines = place.text().lines().count();
    assert!(lines <= 1_000 + 60, "{lines} lines");
}

#[tokio::test]
async fn nothing_is_left_out_that_may_work() {
    let place = Place::new();
    let first = place.open();
    first.record(&[account("w1", "user's"), account("admin", "lost")]).await.expect("record");
    let second = place.open();
    // Settling used to write `works` for passwords that were never tried, and no password before them.
    second.works(account("admin", "untried")).await.expect("works");
    let third = place.open();
    third.record(&admin(["found"])).await.expect("record");
    third.record(&many(1_100)).await.expect("record");
    let fourth = place.open();
    fourth.record(&admin(["newest"])).await.expect("record");
    assert_eq!(place.read().passwords_of("admin").len(), 2 + 1 + 1_100 + 1, "nobody has logged in");
    fourth.works(account("admin", "found")).await.expect("works");
    let fifth = place.open();
    fifth.record(&admin(["last"])).await.expect("record");
    assert_eq!(place.read().passwords_of("admin"), ["last", "found", "newest"]);
    assert_eq!(place.read().passwords_of("w1"), ["user's"]);
    assert_eq!(place.text().lines().count(), 1 + 3 + 1 + 1);
}

#[tokio::test]
async fn a_login_is_noted_also_where_that_password_is_the_newest() {
    let place = Place::new();
    let journal = place.open();
    journal.record(&admin(["one"])).await.expect("record");
    for _ in 0..3 {
        journal.works(account("admin", "one")).await.expect("works");
    }
    assert_eq!(place.text().matches("{\"works\"").count(), 1, "{}", place.text());
}

#[tokio::test]
async fn a_journal_takes_no_entry_with_which_it_could_not_be_read() {
    let place = Place::new();
    place.open().record(&admin(["one"])).await.expect("record");
    let mut text = place.text().into_bytes();
    // A line of a later version.
    text.resize((8 << 20) - 200, b'x');
    text.push(b'\n');
    place.write(text);
    let journal = place.open();
    journal.record(&admin(["two"])).await.expect("there is room");
    let why = journal.record(&admin([&"x".repeat(200)])).await.expect_err("too large").to_string();
    assert!(why.contains("wabizspec recover") && why.contains("nothing was sent"), "{why}");
    assert_eq!(place.read().passwords_of("admin"), ["two", "one"]);
}

async fn grow(journal: &Journal, count: usize) {
    for number in 0..count {
        let name = format!("w{number}{}", "x".repeat(8192));
        journal.made(&name).await.expect("made");
        journal.gone(&name);
    }
}

#[tokio::test]
async fn a_journal_that_has_grown_is_rewritten_and_loses_nothing() {
    let (old, new) = (Place::new(), Place::new());
    let earlier = Journal::open(&old.path, Vec::new(), "http://127.0.0.1:1", "admin").expect("journal");
    earlier.record(&admin(["old"])).await.expect("record");
    earlier.made("w1").await.expect("made");
    let journal = Journal::open(&new.path, vec![old.path.clone()], "http://localhost:1", "admin").expect("journal");
    journal.record(&admin(["new"])).await.expect("record");
    journal.made("w0").await.expect("made");
    assert!(old.path.exists(), "only the former one holds its passwords");
    grow(&journal, 500).await;
    assert!(!old.path.exists());
    journal.record(&admin(["newest"])).await.expect("record");
    let size = new.text().len();
    assert!(size < 2 << 20, "{size} bytes");
    let known = new.read();
    assert_eq!(known.passwords_of("admin"), ["newest", "new", "old"]);
    assert_eq!(names(&known), ["w0", "w1"]);
}

#[tokio::test]
async fn a_run_whose_journal_was_rewritten_is_still_one_run() {
    let place = Place::new();
    let journal = place.open();
    journal.record(&many(1_100)).await.expect("record");
    grow(&journal, 200).await;
    // A request from before may still be on its way when the admin logs in.
    journal.record(&admin(["later"])).await.expect("record");
    journal.works(account("admin", "later")).await.expect("works");
    place.open().record(&admin(["next"])).await.expect("record");
    assert_eq!(place.read().passwords_of("admin").len(), 1_102);
}
