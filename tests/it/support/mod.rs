//! The program as its users start it: in a folder of its own, with an environment that says nothing, and with its report
//! read back.

// Each test file uses its own part of this.
#![allow(dead_code)]

pub mod front;

use std::io::{BufRead, BufReader, Read};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use wabizspec::reference::{Server, Settings};

/// No program under test may take longer than this; generous, because a test machine may be busy.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// The file that [`Program::judge`] asks the report to be written to.
const REPORT: &str = "report.json";

/// A program that is about to be started.
pub struct Program {
    dir: TempDir,
    command: Command,
}

impl Program {
    /// With these arguments, in an empty folder, knowing nothing from the environment.
    pub fn new<S: AsRef<str>>(args: impl IntoIterator<Item = S>) -> Program {
        let dir = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(env!("CARGO_BIN_EXE_wabizspec"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("WABIZSPEC_") {
                command.env_remove(name);
            }
        }
        command.current_dir(dir.path()).env_remove("CI").env("XDG_STATE_HOME", dir.path().join("state"));
        command.args(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        Program { dir, command }
    }

    /// `run` with a JSON report beside what people read.
    pub fn judge<S: AsRef<str>>(args: impl IntoIterator<Item = S>) -> Program {
        let mut program = Program::new(["run", "--report", &format!("json={REPORT}")]);
        program.command.args(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        program
    }

    pub fn env(mut self, name: &str, value: &str) -> Program {
        self.command.env(name, value);
        self
    }

    /// A file in its folder, which may lie in a folder of its own.
    pub fn file(self, name: &str, text: &str) -> Program {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
        self
    }

    /// A suite of its own, for `--scenarios suite`: a scenario `login/one` with these steps, which may cite `login.one`
    /// (a must), and the oracles that any server is held to.
    pub fn suite(self, steps: &str) -> Program {
        let entry = |id: &str, mark: &str| {
            format!(
                "[\"{id}\"]\nbasis = \"{mark}\"\nstatement = \"A rule.\"\npage = \"a page\"\nsection = \"a section\"\n"
            )
        };
        let oracles = ["answered", "json", "no-crash", "one-answer", "unique-members"];
        let oracles: String = oracles.iter().map(|rule| entry(&format!("envelope.{rule}"), "universal")).collect();
        self.file("suite/requirements.toml", &(entry("login.one", "documented") + &oracles))
            .file("suite/login/one.toml", &format!("title = \"One\"\n{steps}"))
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// No file that it writes may become larger than so many blocks of 512 bytes: to it, the disk is full then.
    pub fn on_a_disk_of(mut self, blocks: u32) -> Program {
        let mut command = Command::new("sh");
        let line = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
        command.args(["-c", &line, "sh"]).arg(self.command.get_program()).args(self.command.get_args());
        for (name, value) in self.command.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.current_dir(self.dir.path());
        self.command = command;
        self
    }

    pub fn start(mut self) -> Running {
        self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("the program starts");
        let stdout = collect(child.stdout.take().expect("standard output"));
        let stderr = collect(child.stderr.take().expect("standard error"));
        Running { dir: self.dir, child, stdout, stderr }
    }

    /// Starts it and waits for its end.
    pub fn end(self) -> Ended {
        self.start().end()
    }
}

fn collect(mut from: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).expect("a pipe can be read");
        bytes
    })
}

/// A program that has been started.
pub struct Running {
    dir: TempDir,
    child: Child,
    stdout: JoinHandle<Vec<u8>>,
    stderr: JoinHandle<Vec<u8>>,
}

impl Running {
    /// What Ctrl-C does.
    pub fn interrupt(&self) {
        signal(&self.child, "INT");
    }

    /// Sends it that signal, such as `HUP`.
    pub fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a status").is_none()
    }

    pub fn kill(&mut self) {
        self.child.kill().expect("the program can be killed");
    }

    pub fn path(&self) -> PathBuf {
        self.dir.path().to_owned()
    }

    /// Waits for its end; one that does not end is killed, and the test fails.
    pub fn end(mut self) -> Ended {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                break status;
            }
            if begun.elapsed() > PATIENCE {
                self.child.kill().expect("the program can be killed");
                panic!("the program has not ended within {PATIENCE:?}");
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let text = |handle: JoinHandle<Vec<u8>>| {
            String::from_utf8(handle.join().expect("a reader")).expect("the program writes UTF-8")
        };
        Ended {
            code: status.code(),
            stdout: text(self.stdout),
            stderr: text(self.stderr),
            took: begun.elapsed(),
            dir: self.dir,
        }
    }
}

/// Waits until something is so.
#[track_caller]
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "never {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status();
    assert!(sent.expect("`kill` runs").success());
}

/// A program that has ended.
pub struct Ended {
    /// The exit code; none where a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
    dir: TempDir,
}

impl Ended {
    #[track_caller]
    pub fn exited(self, code: i32) -> Ended {
        assert_eq!(self.code, Some(code), "\n{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Everything it said, to whomever.
    pub fn said(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    #[track_caller]
    pub fn says(self, part: &str) -> Ended {
        assert!(self.said().contains(part), "`{part}` is not in\n{}", self.said());
        self
    }

    /// The folder it ran in.
    pub fn folder(&self) -> &Path {
        self.dir.path()
    }

    pub fn has(&self, name: &str) -> bool {
        self.dir.path().join(name).exists()
    }

    #[track_caller]
    pub fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.dir.path().join(name)).expect("the program has written the file")
    }

    /// The report that [`Program::judge`] asked for.
    #[track_caller]
    pub fn report(&self) -> Report {
        let text = self.file(REPORT);
        Report(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text:?}")))
    }
}

/// A report as its readers find it.
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

    pub fn count(&self, verdict: &str) -> u64 {
        self.0["summary"][verdict].as_u64().expect("a count")
    }

    #[track_caller]
    pub fn case(&self, id: &str) -> &Value {
        let found = self.cases().iter().find(|case| case["id"] == id);
        found.unwrap_or_else(|| panic!("the report has no case `{id}`"))
    }

    #[track_caller]
    pub fn requirement(&self, id: &str) -> &str {
        let found = self.requirements().iter().find(|requirement| requirement["id"] == id);
        let found = found.unwrap_or_else(|| panic!("the report has no requirement `{id}`"));
        text(found, "verdict")
    }

    /// `(id, verdict)` of every case.
    pub fn verdicts(&self) -> Vec<(&str, &str)> {
        let verdict = |case| (text(case, "id"), text(case, "verdict"));
        self.cases().iter().map(verdict).collect()
    }

    /// The must-level requirements that the report calls proven.
    pub fn proven(&self) -> Vec<&str> {
        let proven = |entry: &&Value| entry["level"] == "must" && entry["verdict"] == "pass";
        let ids = self.requirements().iter().filter(proven);
        ids.map(|entry| text(entry, "id")).collect()
    }
}

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member].as_str().expect("a text")
}

/// The reference client, with an edit to what it is like.
pub fn reference(edit: impl FnOnce(&mut Settings)) -> Server {
    let mut settings = Settings { control: true, ..Settings::default() };
    edit(&mut settings);
    Server::start((Ipv4Addr::LOCALHOST, 0).into(), settings).expect("the loopback address can be listened on")
}

/// `wabizspec serve --control` as a process of its own; it ends with this.
pub struct Served {
    child: Child,
    pub url: String,
    _stdout: BufReader<ChildStdout>,
    _dir: TempDir,
}

impl Served {
    pub fn start(args: &[&str]) -> Served {
        let mut program = Program::new(["serve", "--listen", "127.0.0.1:0", "--control"]);
        program.command.args(args).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = program.command.spawn().expect("the program starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("standard output"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("a line");
        let url = line.trim().strip_prefix("listening on ").expect("its address").to_owned();
        Served { child, url, _stdout: stdout, _dir: program.dir }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // One that is gone already needs no ending.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
