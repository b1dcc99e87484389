//! A report as its readers find it.

use serde_json::Value;

const VERDICTS: [&str; 6] = ["pass", "fail", "blocked", "skipped", "known", "error"];

#[derive(Debug, Clone)]
pub struct Report(pub Value);

impl Report {
    pub fn cases(&self) -> &[Value] {
        self.0["cases"].as_array().expect("cases")
    }

    pub fn requirements(&self) -> &[Value] {
        self.0["requirements"].as_array().expect("requirements")
    }

    pub fn is_complete(&self) -> bool {
        self.0["complete"].as_bool().expect("complete")
    }

    pub fn summary(&self) -> &Value {
        &self.0["summary"]
    }

    #[track_caller]
    pub fn count(&self, verdict: &str) -> u64 {
        self.0["summary"][verdict].as_u64().expect("a count")
    }

    pub fn notes(&self) -> String {
        self.0["notes"].to_string()
    }

    #[track_caller]
    pub fn case(&self, id: &str) -> &Value {
        let found = self.cases().iter().find(|case| case["id"] == id);
        found.unwrap_or_else(|| panic!("the report has no case `{id}`"))
    }

    #[track_caller]
    pub fn verdict(&self, case: &str) -> &str {
        text(self.case(case), "verdict")
    }

    /// Why the case has its verdict; empty where no reason is given.
    #[track_caller]
    pub fn reason(&self, case: &str) -> &str {
        self.case(case)["reason"].as_str().unwrap_or_default()
    }

    /// The requirements that the case breaks, each once and in order.
    #[track_caller]
    pub fn broken(&self, case: &str) -> Vec<&str> {
        let mut ids = broken_by(self.case(case));
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Every case has exactly one verdict, and the run came to its end.
    #[track_caller]
    pub fn is_whole(&self) {
        assert!(self.is_complete());
        let counted: u64 = VERDICTS.map(|verdict| self.count(verdict)).iter().sum();
        assert_eq!(counted, self.cases().len() as u64, "{}", self.summary());
    }

    #[track_caller]
    pub fn requirement(&self, id: &str) -> &str {
        let found = self.requirements().iter().find(|requirement| requirement["id"] == id);
        let found = found.unwrap_or_else(|| panic!("the report has no requirement `{id}`"));
        text(found, "verdict")
    }

    pub fn verdicts(&self) -> Vec<(&str, &str)> {
        ids_and_verdicts(self.cases())
    }

    pub fn requirement_verdicts(&self) -> Vec<(&str, &str)> {
        ids_and_verdicts(self.requirements())
    }

    /// The must-level requirements that the report calls proven.
    pub fn proven(&self) -> Vec<&str> {
        let proven = |entry: &&Value| entry["level"] == "must" && entry["verdict"] == "pass";
        self.requirements().iter().filter(proven).map(|entry| text(entry, "id")).collect()
    }
}

/// The requirements of a case's findings, as they come.
pub fn broken_by(case: &Value) -> Vec<&str> {
    let findings = case["findings"].as_array().expect("findings");
    findings.iter().map(|finding| text(finding, "requirement")).collect()
}

fn ids_and_verdicts(entries: &[Value]) -> Vec<(&str, &str)> {
    entries.iter().map(|entry| (text(entry, "id"), text(entry, "verdict"))).collect()
}

pub fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member].as_str().expect("a text")
}
