//! What must hold of all copies of a request together: which of them are granted.

use super::facts::{Expected, Observed, Place};
use super::{Check, Expectation, Granted, Judgement, Mismatch};

/// How the copies of a step were answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// The step.
    pub step: String,
    /// The status of each copy, in their order.
    pub statuses: Vec<u16>,
}

/// What `${copy}` stands for in the copy with that number, from 1.
pub(crate) fn copy_name(number: usize) -> String {
    format!("copy{number:02}")
}

impl Copied {
    /// The numbers of the copies that were granted, from 1.
    fn granted(&self) -> Vec<usize> {
        let numbered = (1..).zip(&self.statuses);
        numbered.filter(|(_, status)| (200..300).contains(*status)).map(|(number, _)| number).collect()
    }
}

impl Expectation {
    /// Checks the copies together; `earlier` has those of earlier steps.
    pub fn judge_copies(&self, copied: &Copied, earlier: &[Copied]) -> Judgement {
        let granted = copied.granted();
        let before = |step: &String| {
            let named = earlier.iter().find(|earlier| earlier.step == *step);
            named.map(Copied::granted).unwrap_or_default()
        };
        let mismatch = |check: &Check| {
            let Check::Granted(rule) = check else { return None };
            let (holds, expected) = match rule {
                Granted::Most(most) => (granted.len() <= *most, Expected::GrantedAtMost(*most)),
                Granted::As(step) => (granted == before(step), Expected::GrantedExactly(before(step))),
                Granted::OneOf(step) => {
                    let before = before(step);
                    let holds = match granted[..] {
                        [] => before.is_empty(),
                        [only] => before.contains(&only),
                        _ => false,
                    };
                    (holds, Expected::GrantedOneOf(before))
                }
            };
            let observed = Observed::Copies(copied.statuses.clone());
            (!holds).then_some(Mismatch { at: Place::Status, expected, observed })
        };
        let mut judgement = Judgement::default();
        let mismatches = self.checks.iter().filter_map(mismatch).collect();
        judgement.file(&self.requirement, self.level, &copied.step, mismatches);
        judgement
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requirement::Level;

    #[test]
    fn each_rule_about_copies_can_be_broken_and_kept() {
        let copied = |step: &str, statuses: &[u16]| Copied { step: step.to_owned(), statuses: statuses.to_vec() };
        let earlier = [copied("none", &[500, 409, 400]), copied("two", &[201, 500, 200])];
        let (like, one_of) = (|step: &str| Granted::As(step.to_owned()), |step: &str| Granted::OneOf(step.to_owned()));
        for (rule, kept, broken) in [
            (Granted::Most(1), vec![[201, 409, 500], [401; 3]], vec![[201, 202, 500], [200; 3]]),
            (like("two"), vec![[200, 401, 200]], vec![[200, 401, 401], [200; 3], [401, 200, 401], [401; 3]]),
            (like("none"), vec![[401; 3]], vec![[401, 401, 200]]),
            (one_of("two"), vec![[200, 401, 401], [401, 401, 200]], vec![[401; 3], [401, 200, 401], [200, 401, 200]]),
            (one_of("none"), vec![[401; 3]], vec![[401, 200, 401]]),
        ] {
            let requirement = "users.x.y".to_owned();
            let expectation = Expectation { requirement, level: Level::Must, checks: vec![Check::Granted(rule)] };
            let holds = |statuses: &[u16; 3]| {
                expectation.judge_copies(&copied("now", statuses), &earlier) == Judgement::default()
            };
            assert!(kept.iter().all(holds), "{expectation:?}");
            assert!(!broken.iter().any(holds), "{expectation:?}");
        }
    }
}
