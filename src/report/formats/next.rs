//! What to do next: how far each area is, the causes in the order in which to fix them, and one case to work on.

use std::io::{self, Write};

use anstyle::Style;

use super::causes::causes;
use super::console::{CAUSES_SHOWN, REASONS_SHOWN, areas, more, reasons, totals};
use super::view::View;
use crate::judge::Verdict;
use crate::report::text::write_case;

pub(super) fn write(view: &View, out: &mut dyn Write) -> io::Result<()> {
    areas(out, view)?;
    reasons(out, view, Verdict::Blocked, REASONS_SHOWN)?;
    let causes = causes(view);
    for (index, cause) in causes.iter().take(CAUSES_SHOWN).enumerate() {
        let (gap, style) = if index == 0 { ("\n", Style::new().bold()) } else { ("", Style::new()) };
        writeln!(out, "{gap}{:3}. {style}{}{style:#} ({})", index + 1, cause.headline(), cause.extent())?;
    }
    more(out, causes.len(), CAUSES_SHOWN)?;
    if let Some(first) = causes.first() {
        let case = first.example.0;
        writeln!(out, "\nwork on the first:")?;
        write_case(out, case, view.rules(), &case.exchanges)?;
    }
    totals(out, view)
}
