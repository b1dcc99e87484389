use super::*;
use crate::exchange::HttpRequest;

fn seconds(status: u16, headers: &[(&'static str, &str)], body: &str) -> Option<Option<u64>> {
    let at = "2026-03-01T12:00:00Z".parse().expect("an instant");
    let answered = Exchange::answered(HttpRequest::of("GET", "/", &[], ""), Response::of(status, headers, body));
    throttled(&Exchange { at, ..answered }, &Patience::default()).map(|Asked(wait)| wait.map(|wait| wait.as_secs()))
}

#[test]
fn status_429_and_code_1015_ask_for_patience_and_nothing_else_does() {
    let code = r#"{"errors":[{"code":1000,"title":"x"},{"code":1015,"title":"Too many requests"}]}"#;
    assert_eq!(seconds(429, &[], ""), Some(None));
    assert_eq!(seconds(400, &[], code), Some(None));
    assert_eq!(seconds(403, &[], r#"{"code":1015,"title":"bare"}"#), Some(None));
    assert_eq!(seconds(200, &[], code), None, "a success is no refusal");
    assert_eq!(seconds(401, &[("Retry-After", "3")], ""), None);
    let overloaded = r#"{"errors":[{"code":1016,"title":"x"}]}"#;
    assert_eq!((seconds(503, &[], overloaded), seconds(400, &[], overloaded)), (Some(None), None));
}

#[test]
fn retry_after_is_read_as_seconds_and_as_a_date() {
    let date = ("Date", "Sun, 01 Mar 2026 11:00:00 GMT");
    for (headers, expected) in [
        (vec![("Retry-After", " 7 ")], Some(7)),
        (vec![("Retry-After", "99999999999999999999999")], Some(u64::MAX)),
        (vec![("Retry-After", "Sun, 01 Mar 2026 12:00:05 GMT")], Some(5)),
        // By the target's clock, which is an hour slow.
        (vec![date, ("Retry-After", "Sun, 01 Mar 2026 11:00:09 GMT")], Some(9)),
        (vec![("Retry-After", "Sun, 01 Mar 2020 12:00:00 GMT")], Some(0)),
        (vec![("Retry-After", "soon")], None),
        (vec![("Retry-After", "-1")], None),
        (vec![("Retry-After", "")], None),
    ] {
        assert_eq!(seconds(429, &headers, ""), Some(expected), "{headers:?}");
    }
}

/// Shuts the gate that long after `begin`, and says whether that was within bounds.
fn shut(state: &mut State, begin: Instant, after: u64, wait: u64, tries: u32, patience: &mut Patience) -> bool {
    let asked = Asked(Some(Duration::from_secs(wait)));
    state.shut(asked, tries, patience, begin + Duration::from_secs(after)).is_ok()
}

#[test]
fn every_kind_of_waiting_has_its_bound() {
    let now = Instant::now();
    let mut state = State::default();
    let fresh = Patience::default;
    assert!(shut(&mut state, now, 0, 15, 1, &mut fresh()), "the longest wait");
    assert!(!shut(&mut state, now, 20, 16, 1, &mut fresh()), "a longer one");
    assert!(!shut(&mut state, now, 20, u64::MAX, 1, &mut fresh()), "for ever");
    assert!(!shut(&mut state, now, 20, 1, TRIES, &mut fresh()), "too many tries");
    let mut case = fresh();
    assert!(shut(&mut state, now, 20, 15, 1, &mut case));
    assert!(shut(&mut state, now, 40, 15, 1, &mut case));
    assert!(!shut(&mut state, now, 60, 1, 1, &mut case), "the case has waited enough");
    // 45 s are used up; five times 15 s are left of 120 s.
    for round in 0..5 {
        assert!(shut(&mut state, now, 100 + 20 * round, 15, 1, &mut fresh()), "{round}");
    }
    assert!(!shut(&mut state, now, 300, 1, 1, &mut fresh()), "the run has waited enough");
}

#[test]
fn requests_throttled_together_wait_together() {
    let now = Instant::now();
    let mut state = State::default();
    for _ in 0..50 {
        assert!(shut(&mut state, now, 0, 10, 1, &mut Patience::default()));
    }
    assert_eq!(state.shut_for, Duration::from_secs(10));
    assert_eq!(state.gap, FIRST_GAP, "one slowing down, not fifty");
}

#[test]
fn a_run_that_gave_up_waits_again_only_after_a_request_went_through() {
    let gate = Gate::default();
    let asked = Asked(Some(Duration::from_secs(1)));
    let try_it = |tries| gate.shut(None, asked, tries, &mut Patience::default()).is_ok();
    assert!(try_it(1));
    assert!(!try_it(TRIES));
    assert!(!try_it(1), "no point in waiting");
    gate.went_through(None);
    assert!(try_it(1));
    assert!(gate.remark().expect("a remark").contains("throttled 4 times"));
}

#[test]
fn an_operation_that_is_always_throttled_is_not_called_any_more() {
    let (gate, login) = (Gate::default(), Some(Operation::LogIn));
    let asked = Asked(Some(LONGEST_WAIT * 2));
    for _ in 0..GIVEN_UP_IN_A_ROW {
        assert!(gate.check(login).is_ok());
        assert!(gate.shut(login, asked, 1, &mut Patience::default()).is_err());
    }
    gate.went_through(None);
    assert!(gate.check(login).is_err_and(|why| why.0.contains("asks to wait 30 s")));
    assert!(gate.check(Some(Operation::ReadUser)).is_ok());
    gate.reopen();
    assert!(gate.check(login).is_ok());
}

#[test]
fn the_rate_recovers_after_throttling() {
    let now = Instant::now();
    let gap = Duration::from_millis(1);
    let mut state = State { usual_gap: gap, gap, ..State::default() };
    assert!(shut(&mut state, now, 0, 1, 1, &mut Patience::default()));
    assert_eq!(state.gap, FIRST_GAP);
    // Once: a hundred requests later it is forgotten.
    (0..5 * RECOVERY).for_each(|_| state.recover());
    assert_eq!(state.gap, gap);
    // Again and again: the gap stays wide for longer.
    for after in [10, 20, 30] {
        assert!(shut(&mut state, now, after, 1, 1, &mut Patience::default()));
    }
    (0..3 * RECOVERY).for_each(|_| state.recover());
    assert_eq!(state.gap, FIRST_GAP * 4);
    (0..40 * RECOVERY).for_each(|_| state.recover());
    assert_eq!(state.gap, gap);
}

#[test]
fn a_default_wait_grows_and_a_wait_of_zero_is_a_short_one() {
    let now = Instant::now();
    let mut state = State::default();
    let mut until = |asked, tries, after| {
        let now = now + Duration::from_secs(after);
        let kept = state.shut(Asked(asked), tries, &mut Patience::default(), now);
        kept.expect("within bounds");
        state.shut_until.expect("shut") - now
    };
    assert_eq!(until(None, 1, 0), DEFAULT_WAIT);
    assert_eq!(until(None, 3, 20), DEFAULT_WAIT * 4);
    assert_eq!(until(Some(Duration::ZERO), 1, 40), SHORTEST_WAIT);
}

#[test]
fn turns_keep_the_gap_and_wait_while_it_is_shut() {
    let now = Instant::now();
    let gap = Duration::from_millis(100);
    let mut state = State { gap, ..State::default() };
    assert!(matches!(state.turn(now), Turn::Go));
    assert!(matches!(state.turn(now), Turn::Slot(slot) if slot == now + gap));
    assert!(matches!(state.turn(now), Turn::Slot(slot) if slot == now + gap * 2));
    assert!(shut(&mut state, now, 0, 5, 1, &mut Patience::default()));
    let open = now + Duration::from_secs(5);
    assert!(matches!(state.turn(now), Turn::Shut(until) if until == open));
    assert!(matches!(state.turn(open), Turn::Go));
    let slowed = gap * 2;
    assert!(matches!(state.turn(open), Turn::Slot(slot) if slot == open + slowed));
}

#[test]
fn rates_are_read_with_and_without_the_unit() {
    for (text, gap) in [("10/s", 100), ("10", 100), ("0.5/s", 2000), (" 4/s ", 250)] {
        let rate: Rate = text.parse().expect(text);
        assert_eq!(rate.gap(), Duration::from_millis(gap), "{text}");
    }
    for wrong in ["", "0", "-1", "10/m", "fast", "NaN", "inf", "0/s", "1e9", "/s"] {
        assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
    }
}
