//! Reads JUnit reports and holds them to the schema.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::events::Event;

pub struct Junit {
    pub ids: Vec<String>,
    pub elements: BTreeMap<String, usize>,
}

/// What the Jenkins schema (junit-10.xsd) allows, as far as we write it: element, parents, attributes.
const SCHEMA: [(&str, &[&str], &[&str]); 7] = [
    ("testsuites", &[""], &["name", "time", "tests", "failures", "errors"]),
    (
        "testsuite",
        &["testsuites", "testsuite"],
        &["name", "tests", "failures", "errors", "time", "skipped", "timestamp", "file", "url", "version"],
    ),
    ("testcase", &["testsuite"], &["name", "time", "classname", "group"]),
    ("failure", &["testcase"], &["type", "message"]),
    ("error", &["testcase"], &["type", "message"]),
    ("skipped", &["testcase"], &["type", "message"]),
    ("system-out", &["testcase", "testsuite"], &[]),
];

pub fn read(text: &str) -> Junit {
    let illegal =
        |c: &char| !matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert_eq!(text.chars().find(illegal), None, "a character that XML 1.0 does not have");
    let mut reader = Reader::from_str(text);
    let (mut open, mut ids, mut elements) = (vec![String::new()], Vec::new(), BTreeMap::new());
    loop {
        let event = reader.read_event().expect("XML");
        let is_start = matches!(event, Event::Start(_));
        match event {
            Event::Start(element) | Event::Empty(element) => {
                let name = element.name().as_ref().to_owned();
                let known = SCHEMA.iter().find(|(known, _, _)| *known == name);
                let (_, parents, attributes) = known.unwrap_or_else(|| panic!("<{name}> is not in the schema"));
                assert!(parents.contains(&open.last().expect("open").as_str()), "<{name}> in {open:?}");
                for attribute in element.attributes() {
                    let attribute = attribute.expect("an attribute");
                    let key = attribute.key.as_ref().to_owned();
                    assert!(attributes.contains(&key.as_str()), "{key} of <{name}> is not in the schema");
                    if (name.as_str(), key.as_str()) == ("testcase", "name") {
                        ids.push(attribute.value.clone().into_owned());
                    }
                }
                *elements.entry(name.clone()).or_default() += 1;
                if is_start {
                    open.push(name);
                }
            }
            Event::End(_) => drop(open.pop()),
            Event::Eof => return Junit { ids, elements },
            _ => {}
        }
    }
}
