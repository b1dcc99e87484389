use super::*;

pub(crate) fn mismatches() -> Vec<Mismatch> {
    let set = StatusSet::parse(["200"]).expect("a set");
    vec![
        Mismatch { at: Place::Status, expected: Expected::Status(set), observed: Observed::Status(401) },
        Mismatch { at: Place::at("/a"), expected: Expected::Absent, observed: Observed::NoCode },
    ]
}

fn filed(level: Level) -> Judgement {
    let mut judgement = Judgement::default();
    judgement.file("login.x", level, "log in", mismatches());
    judgement
}

#[test]
fn mismatches_make_a_finding_of_a_should_or_a_must_and_an_observation_of_a_may() {
    for level in [Level::Should, Level::Must] {
        let finding = Finding::new("login.x", level, "log in", mismatches());
        assert_eq!(filed(level), Judgement { findings: vec![finding], observations: Vec::new() });
    }
    let observation = Observation { requirement: Some("login.x".to_owned()), what: Remark::Mismatches(mismatches()) };
    assert_eq!(filed(Level::May), Judgement { findings: Vec::new(), observations: vec![observation] });
    let mut none = Judgement::default();
    for level in [Level::May, Level::Should, Level::Must] {
        none.file("login.x", level, "log in", Vec::new());
    }
    assert_eq!(none, Judgement::default());
}

#[test]
fn a_place_without_indices_is_that_of_any_item() {
    let places = ["/users/0/token", "/a/12/3", "/a1//2b", "", "/7"].map(|pointer| Place::at(pointer).without_indices());
    assert_eq!(places, ["/users/*/token", "/a/*/*", "/a1//2b", "body", "/*"]);
}

#[test]
fn judgements_add_up_and_a_must_among_them_is_noticed() {
    let mut judgement = filed(Level::May);
    assert!(!judgement.breaks_a_must());
    judgement.absorb(filed(Level::Should));
    judgement.absorb(filed(Level::May));
    assert!(!judgement.breaks_a_must());
    judgement.absorb(filed(Level::Must));
    assert!(judgement.breaks_a_must());
    assert_eq!((judgement.findings.len(), judgement.observations.len()), (2, 2));
}
