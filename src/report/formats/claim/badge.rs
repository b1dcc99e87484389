//! The badge of a claim: a picture that names no font file and no other address, and reads aloud what it shows.

use quick_xml::escape::escape;

use super::{Claim, Outcome};
use crate::report::formats::view::counted;

/// The width of a character, about, and the space around a text, in pixels.
const CHARACTER: usize = 7;
const MARGIN: usize = 7;

impl Claim {
    /// As SVG. White on each of the colours has a contrast of at least 4.5 to 1.
    pub fn badge(&self) -> String {
        let (name, words) = (format!("wabizspec {}", self.suite.version), self.words());
        let colour = match self.outcome {
            Outcome::Fails => "#cf222e",
            Outcome::Partial => "#9a6700",
            // What the reference client does says nothing about another server.
            Outcome::Conforms if self.target.embedded => "#57606a",
            Outcome::Conforms => "#1a7f37",
        };
        let title = format!("{name}: {}{}; suite {}", self.says(), self.stated(), self.suite.digest);
        let (of_name, of_words) = (width(&name), width(&words));
        let (left, right) = (of_name + 2 * MARGIN, of_words + 2 * MARGIN);
        let (whole, start) = (left + right, left + MARGIN);
        let [name, words, title] = [&name, &words, &title].map(|text| escape(text.as_str()));
        format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" role="img" aria-label="{title}">
  <title>{title}</title>
  <rect width="{left}" height="20" fill="#24292f"/>
  <rect x="{left}" width="{right}" height="20" fill="{colour}"/>
  <g fill="#ffffff" font-family="Verdana, DejaVu Sans, sans-serif" font-size="11">
    <text x="{MARGIN}" y="14" textLength="{of_name}">{name}</text>
    <text x="{start}" y="14" textLength="{of_words}">{words}</text>
  </g>
</svg>
"##
        )
    }

    fn words(&self) -> String {
        let whose = if self.target.embedded { "reference client " } else { "" };
        let more = match self.outcome {
            Outcome::Conforms => String::new(),
            Outcome::Partial => format!(": {} % of the musts proven", self.musts.percent),
            Outcome::Fails => format!(": {} broken", counted(self.failed(), "rule")),
        };
        format!("{whose}{}{more}", self.outcome)
    }

    /// What the target says of itself.
    fn stated(&self) -> String {
        let registration = self.target.registration.map(|state| format!("; registration {state}"));
        let versions = match self.target.versions.as_slice() {
            [] => String::new(),
            versions => format!("; the target states {}", versions.join(", ")),
        };
        registration.unwrap_or_default() + &versions
    }
}

fn width(text: &str) -> usize {
    text.chars().count() * CHARACTER
}
