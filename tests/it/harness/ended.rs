//! What a program printed, wrote and reported, and what tests expect of it.

use std::ops::Deref;
use std::time::Duration;

use super::place::Place;
use super::report::Report;

pub struct Ended {
    /// The exit code; none where a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
    /// The most memory that it held, in KiB, at the moments when it was measured.
    pub peak_kib: u64,
    pub(super) report: Option<Report>,
    pub(super) place: Place,
}

impl Deref for Ended {
    type Target = Report;

    #[track_caller]
    fn deref(&self) -> &Report {
        self.report.as_ref().unwrap_or_else(|| panic!("there is no report\n{}", self.said()))
    }
}

impl Ended {
    #[track_caller]
    pub fn exited(self, code: i32) -> Ended {
        assert_eq!(self.code, Some(code), "\n{}\n{}", self.stdout, self.stderr);
        self
    }

    pub fn said(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    #[track_caller]
    pub fn says(self, part: &str) -> Ended {
        assert!(self.said().contains(part), "`{part}` is not in\n{}", self.said());
        self
    }

    #[track_caller]
    pub fn never_says(self, part: &str) -> Ended {
        assert!(!self.said().contains(part), "`{part}` is in\n{}", self.said());
        self
    }

    #[track_caller]
    pub fn counts(self, verdict: &str, count: u64) -> Ended {
        assert_eq!(self.count(verdict), count, "{verdict}\n{}", self.said());
        self
    }

    #[track_caller]
    pub fn counts_over(self, verdict: &str, count: u64) -> Ended {
        assert!(self.count(verdict) > count, "{verdict}: {}\n{}", self.summary(), self.said());
        self
    }

    #[track_caller]
    pub fn gives(self, case: &str, verdict: &str) -> Ended {
        assert_eq!(self.verdict(case), verdict, "{case}\n{}", self.said());
        self
    }

    /// One of the codes of a run that could judge less than all: 1 or 3.
    #[track_caller]
    pub fn ends_not_green(self) -> Ended {
        assert!(matches!(self.code, Some(1 | 3)), "exit {:?}\n{}", self.code, self.said());
        self
    }

    pub fn place(&self) -> &Place {
        &self.place
    }

    #[track_caller]
    pub fn file(&self, name: &str) -> String {
        self.place.read(name)
    }
}
