//! Row A35: tokens.

use super::row::{Aimed, aimed};
use crate::fuzz::Surface;
use crate::fuzz::grammar::Choice;
use crate::fuzz::grammar::bearer::{BearerInput, Before, Called, Carrier};

pub(super) fn inputs() -> Vec<Aimed> {
    let mut all = Vec::new();
    let mut add = |before, carrier, called, text: &str| {
        let input = BearerInput { before, carrier, called, text: text.as_bytes().to_vec().into() };
        all.push(aimed("A35", Surface::Bearer, input.encode()));
    };
    for before in Before::ALL {
        add(*before, Carrier::Once, Called::Itself, "${user_token}");
    }
    for carrier in Carrier::ALL {
        add(Before::Bearer, *carrier, Called::Itself, "${user_token}");
    }
    for token in [
        "${user_token|init}",
        "${user_token|tail}",
        "${user_token|altered}",
        "${user_token|swapcase}",
        "${user_token}x",
        "${dead_token}",
        "${user_token} ",
        "",
        " ",
        "null",
        "undefined",
        "0",
        "*",
        "%",
        "' OR '1'='1",
        "\u{e9}",
        "${user_token}\0",
        "${user_token},x",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.",
        "${user}",
        "${user_password}",
        "${basic}",
        "../../etc/passwd",
        "${user_token|reverse}",
    ] {
        for called in Called::ALL {
            add(Before::Bearer, Carrier::Once, *called, token);
        }
    }
    all
}
