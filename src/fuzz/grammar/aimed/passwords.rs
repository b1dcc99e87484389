//! Rows P1 to P15: new passwords, at every door that takes one.

use super::row::{Aimed, aimed};
use crate::fuzz::Surface;
use crate::fuzz::grammar::Choice;
use crate::fuzz::grammar::password::{Door, PasswordInput, Written};

pub(super) fn inputs() -> Vec<Aimed> {
    let mut all = Vec::new();
    let mut at = |row, door, written, text: &str| {
        let input = PasswordInput { door, written, text: text.as_bytes().to_vec().into() };
        all.push(aimed(row, Surface::Password, input.encode()));
    };
    let of = |length: usize| format!("Aa1!{}", "kQz7mP2x".repeat(16)).chars().take(length).collect::<String>();
    let mut add = |row, text: &str| at(row, Door::Update, Written::Plain, text);
    for length in [8, 64, 0, 1, 7, 65, 72, 73, 128] {
        add("P1", &of(length));
    }
    add("P1", &"Aa1!".repeat(256));
    for length in 0..=80 {
        add("P1", &of(length));
    }
    let classes = ['A', 'a', '1', '!'];
    for missing in 1..15_u32 {
        let kept: String =
            classes.iter().enumerate().filter(|(bit, _)| missing & (1 << bit) == 0).map(|(_, c)| *c).collect();
        for length in [8, 64] {
            add("P2", &kept.repeat(64).chars().take(length).collect::<String>());
        }
    }
    for special in crate::documented::password::SPECIAL_CHARACTERS.chars() {
        add("P3", &format!("Abcdef1{special}"));
    }
    for special in
        [" ", "\t", "\u{a3}", "\u{20ac}", "\u{e9}", "\u{2013}", "\u{ff20}", "\u{a0}", "\u{1f511}", "\u{1}", "\u{7f}"]
    {
        add("P4", &format!("Abcdefg1{special}"));
    }
    for text in [
        "\u{c9}bcdef1!",
        "\u{c4}bcdef1!",
        "\u{3a3}bcdef1!",
        "\u{24b6}bcdef1!",
        "\u{1d400}bcdef1!",
        "\u{1c5}bcdef1!",
        "ABCDE1!\u{e9}",
        "ABCDE1!\u{df}",
        "ABCDE1!\u{aa}",
        "Abcdef!\u{663}",
        "Abcdef!\u{ff13}",
        "Abcdef!\u{b2}",
        "Abcdef!\u{bd}",
        "Abcdef!\u{2167}",
    ] {
        add("P5", text);
    }
    add("P6", "Aa1!xy\u{e9}");
    add("P6", "Aa1!x\u{1f511}");
    add("P6", &format!("Aa1!{}", "\u{e9}".repeat(60)));
    add("P6", &format!("Aa1!{}", "\u{1f511}".repeat(30)));
    add("P6", "Aa1!e\u{301}e\u{301}");
    for text in ["Tz7!qWmK3rYp", "Aa1!pLm8vQz3nRt5wYx7kHb2cGd4fJs6aTe9uViNoMqWrXyZpBhKgDlSjFcQ7tUo"] {
        add("P7", text);
    }
    add("P8", &format!("Aa1!{}", "\u{1f511}".repeat(60)));
    add("P8", &format!("Aa1!{}Zq", "\u{6771}".repeat(28)));
    for text in ["Abcdef1!\0x", "Abcdef1!\0", "\0Abcdef1!", "Abc\0def1!", "Abcdef1!\0secondhalf"] {
        add("P9", text);
    }
    for text in [
        " Abcdef1!",
        "Abcdef1! ",
        "  Abcdef1!  ",
        "Abcdef1!\u{feff}",
        "Abcdef1!\u{ad}",
        "Abcdef1!e\u{301}",
        "Abcdef1!\u{e9}",
        "Abcdef1!\u{ff21}",
        "Abcdef1!\u{430}",
    ] {
        add("P10", text);
    }
    for text in ["${user_password}", "${user}", "${user}A1!", "secret", "password", "${user_password}"] {
        add("P11", text);
    }
    for text in ["abcdefgh", "Abcdef1", "${new_password}"] {
        for door in Door::ALL {
            at("P12", *door, Written::Plain, text);
        }
    }
    for text in ["abcdefgh", "short1!", "NoSpecial11", "nouppercase1!", "NOLOWERCASE1!", "NoDigitsHere!"] {
        at("P13", Door::Login, Written::Plain, text);
    }
    at("P13", Door::Login, Written::Escaped, "${new_password}");
    let mut add = |row, text: &str| at(row, Door::Update, Written::Plain, text);
    for text in [
        "Aa1!'OR'1'='1",
        "Aa1!' OR 1=1--",
        "Aa1!%s%n",
        "Aa1!${7*7}",
        "Aa1!<x>&amp;",
        "Aa1!*)(uid=*",
        "Aa1!:b:c:",
        "Aa1!:::::",
        "Aa1!\\\"x",
    ] {
        add("P14", text);
    }
    for text in [
        "Abcdef1!\n",
        "Abcdef1!\nabc",
        "abc\nAbcdef1!",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "Abcdef1!\r\n",
    ] {
        add("P15", text);
    }
    all
}
