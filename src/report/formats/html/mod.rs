//! One page for a browser, with everything in it: no other file, no network, readable without scripts.
//!
//! What a target sent is only text here: the templates escape it, and the page's own policy (`Content-Security-Policy`)
//! lets no script run but the one below, whose hash it names.

mod case;
mod requirements;
mod page;

use std::io::{self, Write};

use super::view::View;

const STYLE: &str = include_str!("style.css");

/// What the filters do; without it the page shows everything.
const SCRIPT: &str = include_str!("script.js");

/// The SHA-256 of [`SCRIPT`], base64, as the page's policy names it.
const SCRIPT_HASH: &str = "5glnF4IMHAjSk3M0936KA/inkjr+7TrnoKMry1G+0PQ=";

pub(super) fn write(view: &View, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(page::page(view).into_string().as_bytes())
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn the_policy_names_the_script_and_nothing_ends_its_element() {
        let hash = ring::digest::digest(&ring::digest::SHA256, SCRIPT.as_bytes());
        assert_eq!(SCRIPT_HASH, STANDARD.encode(hash.as_ref()));
        assert!(!STYLE.contains("</") && !SCRIPT.contains("</") && !SCRIPT.contains("<!--"));
    }
}
