//! What the tests of reports share: the program, a folder of its own, a target that breaks rules with hostile text.

// Each file of tests that names this module uses its own part of it.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

/// All formats, by the names that `--report` knows.
pub const FORMATS: [&str; 6] = ["json", "ndjson", "junit", "html", "markdown", "github"];

/// What a JUnit report of the hostile target holds at least once each.
pub const WHOLE: [&str; 3] = ["failure", "error", "skipped"];

/// What the hostile target says to everything.
pub const HOSTILE: &str =
    "</script><script>pwned()</script>\u{0}\u{1b}[31m\u{85}\u{fffe}]]>&amp;\n::error::x\n```\n# out\n</details>%0A";

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wabizspec"));
    for name in ["WABIZSPEC_TARGET", "WABIZSPEC_ADMIN_USERNAME", "WABIZSPEC_ADMIN_PASSWORD"] {
        command.env_remove(name);
    }
    let state = format!("{}/state-{}", env!("CARGO_TARGET_TMPDIR"), std::process::id());
    command.env_remove("CI").env("XDG_STATE_HOME", state).args(args);
    command
}

/// Runs the program to its end.
pub fn wabizspec(args: &[&str]) -> Output {
    command(args).output().expect("the program runs")
}

/// Starts the program.
pub fn start(args: &[&str]) -> Child {
    let mut command = command(args);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts")
}

/// All that the program said.
pub fn said(output: &Output) -> String {
    let text = [&output.stderr[..], &output.stdout[..]].concat();
    String::from_utf8_lossy(&text).into_owned()
}

/// A folder that goes away with the test.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a folder"))
    }

    pub fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().expect("a path in UTF-8").to_owned()
    }

    /// `FORMAT=PATH` for a file of that name, whose ending is the format.
    pub fn report(&self, name: &str) -> String {
        let format = PathBuf::from(name).extension().expect("an ending").to_string_lossy().into_owned();
        format!("{format}={}", self.path(name))
    }

    /// The same for all formats.
    pub fn reports(&self, stem: &str) -> Vec<String> {
        FORMATS.iter().map(|format| self.report(&format!("{stem}.{format}"))).collect()
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).expect("the file is there")
    }
}

/// A target that answers every request with the same hostile text.
pub struct Target {
    /// Lives as long as the target is asked.
    _server: MockServer,
    url: String,
}

impl Target {
    pub fn hostile() -> Target {
        Target::hostile_until(u64::MAX)
    }

    /// Answers so many requests, and leaves all further ones without an answer.
    pub fn hostile_until(requests: u64) -> Target {
        // The server has a thread of its own; this starts it.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let server = runtime.block_on(async {
            let server = MockServer::start().await;
            let answer = ResponseTemplate::new(200).set_body_string(HOSTILE);
            let late = ResponseTemplate::new(200).set_delay(Duration::from_secs(3600));
            let first = Mock::given(any()).respond_with(answer).up_to_n_times(requests);
            first.with_priority(1).mount(&server).await;
            Mock::given(any()).respond_with(late).mount(&server).await;
            server
        });
        let url = server.uri();
        Target { _server: server, url }
    }

    pub fn url(&self) -> &str {
        &self.url
    }
}

pub fn json(text: &[u8]) -> Value {
    serde_json::from_slice(text).expect("a JSON document")
}

/// Each case with its verdict.
pub fn cases(report: &Value) -> Vec<(String, String)> {
    pairs(report, "cases")
}

/// Each requirement with its verdict.
pub fn requirements(report: &Value) -> Vec<(String, String)> {
    pairs(report, "requirements")
}

fn pairs(report: &Value, of: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let all = report[of].as_array().expect("an array").iter();
    all.map(|one| (text(&one["id"]), text(&one["verdict"]))).collect()
}

/// What stands in a JUnit report.
pub struct Junit {
    /// The names of the test cases.
    pub ids: Vec<String>,
    /// How often each element stands in it.
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

/// Reads a JUnit report and holds it to the schema.
pub fn junit(xml: &[u8]) -> Junit {
    let text = std::str::from_utf8(xml).expect("UTF-8");
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
