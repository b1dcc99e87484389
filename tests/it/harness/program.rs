//! The program as its users start it: in a folder of its own, with a clean environment, and with its report read back.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::ended::Ended;
use super::place::Place;
use super::report::Report;
use wabizspec::reference::Server;

/// No program under test may take longer than this; generous, because a test machine may be busy.
const PATIENCE: Duration = Duration::from_secs(300);

/// The file that [`Program::judge`] asks the report to be written to.
pub(super) const REPORT: &str = "report.json";

pub const FORMATS: [&str; 7] = ["json", "ndjson", "junit", "html", "markdown", "github", "sarif"];

/// A `--report` for each format, to a file whose ending is the format.
pub fn reports(stem: &str) -> Vec<String> {
    FORMATS.iter().map(|format| format!("--report={format}={stem}.{format}")).collect()
}

/// A register of one rule, a must, and of the oracles that any server is held to.
pub fn register(rule: &str) -> String {
    let entry = |id: &str, basis: &str| {
        format!(
            "[\"{id}\"]\nbasis = \"{basis}\"\nstatement = \"A rule.\"\npage = \"a page\"\nsection = \"a section\"\nopen = \"Nobody.\"\n"
        )
    };
    let oracles = ["answered", "json", "no-crash", "one-answer", "unique-members"];
    let oracles: String = oracles.iter().map(|oracle| entry(&format!("envelope.{oracle}"), "universal")).collect();
    entry(rule, "documented") + &oracles
}

pub struct Program {
    pub(super) place: Place,
    pub(super) command: Command,
}

impl Program {
    pub fn new(line: &str) -> Program {
        Place::new().program(line)
    }

    /// [`Place::judge`], in a place of its own.
    pub fn judge(line: &str) -> Program {
        Place::new().judge(line)
    }

    /// With more words, separated by blanks.
    pub fn args(self, line: &str) -> Program {
        self.list(line.split_whitespace())
    }

    /// With more arguments, which may have blanks.
    pub fn list(mut self, args: impl IntoIterator<Item = impl AsRef<str>>) -> Program {
        for arg in args {
            self.command.arg(arg.as_ref());
        }
        self
    }

    pub fn at(self, target: &(impl Address + ?Sized)) -> Program {
        self.list(["--target", &target.url()])
    }

    /// With this hook, which resets the target.
    pub fn reset(self, hook: &str) -> Program {
        self.list(["--reset", hook])
    }

    /// With a hook that resets the reference client.
    pub fn resetting(self, server: &Server) -> Program {
        self.reset(&super::reset_of(server))
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Program {
        self.command.env(name, value);
        self
    }

    pub fn without_env(mut self, name: &str) -> Program {
        self.command.env_remove(name);
        self
    }

    pub fn password(self) -> Program {
        self.env(super::target::PASSWORD, super::target::OWNERS)
    }

    /// A file in its folder, which may lie in a folder of its own.
    pub fn file(self, name: &str, text: &str) -> Program {
        self.place.write(name, text);
        self
    }

    /// A suite for `--scenarios suite`: `login/one` with these steps, which may cite `login.one` (a must) and some oracles.
    pub fn suite(self, steps: &str) -> Program {
        self.file("suite/requirements.toml", &register("login.one"))
            .file("suite/login/one.toml", &format!("title = \"One\"\n{steps}"))
    }

    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Started by a POSIX shell with this script, to which the program and its arguments are `"$@"`.
    pub fn through(mut self, script: &str) -> Program {
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh"]).arg(self.command.get_program()).args(self.command.get_args());
        for (name, value) in self.command.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.current_dir(self.place.path()).stdin(Stdio::null());
        self.command = command;
        self
    }

    pub fn start(mut self) -> Running {
        let mut child = self.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let stdout = collect(child.stdout.take().expect("standard output"));
        let stderr = collect(child.stderr.take().expect("standard error"));
        Running { place: self.place, child, stdout, stderr }
    }

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

pub struct Running {
    place: Place,
    child: Child,
    stdout: JoinHandle<Vec<u8>>,
    stderr: JoinHandle<Vec<u8>>,
}

impl Running {
    /// Sends it that signal, such as `HUP`.
    pub fn signal(&self, name: &str) {
        signal(self.id(), name);
    }

    /// Waits until something is so, while it is running.
    #[track_caller]
    pub fn still_runs_until(&mut self, mut is_so: impl FnMut() -> bool) {
        eventually("so while it ran", || {
            assert!(self.is_running(), "it has ended too early");
            is_so()
        });
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a status").is_none()
    }

    /// With a signal that no handler hears.
    pub fn kill(&mut self) {
        self.child.kill().expect("the program can be killed");
        self.child.wait().expect("its end");
    }

    /// Waits for its end; one that does not end is killed, and the test fails.
    #[track_caller]
    pub fn end(mut self) -> Ended {
        let (begun, mut peak_kib) = (Instant::now(), 0);
        let status = loop {
            peak_kib = peak_kib.max(peak_of(self.child.id()));
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
        let report = fs::read(self.place.join(REPORT)).ok();
        Ended {
            code: status.code(),
            stdout: text(self.stdout),
            stderr: text(self.stderr),
            took: begun.elapsed(),
            peak_kib,
            report: report.and_then(|text| serde_json::from_slice(&text).ok()).map(Report),
            place: self.place,
        }
    }
}

/// The most memory that the program has held, in KiB; nothing until the process has the program's name.
fn peak_of(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    if !status.starts_with("Name:\twabizspec\n") {
        return 0;
    }
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}

pub fn signal(process: u32, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), process.to_string()]).status();
    assert!(sent.expect("`kill` runs").success());
}

#[track_caller]
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "never {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

pub trait Address {
    fn url(&self) -> String;
}

impl Address for str {
    fn url(&self) -> String {
        self.to_owned()
    }
}

impl Address for String {
    fn url(&self) -> String {
        self.clone()
    }
}

impl Address for Server {
    fn url(&self) -> String {
        Server::url(self)
    }
}

/// A server in a process of its own, which prints its address. It ends when this is dropped.
pub struct Served {
    child: Child,
    pub url: String,
    _stdout: BufReader<ChildStdout>,
}

impl Served {
    /// `wabizspec serve --control`.
    pub fn reference() -> Served {
        Served::start(Program::new("serve --listen 127.0.0.1:0 --control").command)
    }

    /// The same with a planted fault.
    pub fn with_fault(fault: &str) -> Served {
        let line = format!("serve --listen 127.0.0.1:0 --control --fault {fault}");
        Served::start(Program::new(&line).command)
    }

    pub fn start(mut command: Command) -> Served {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the server starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("standard output"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("a line");
        let url = line.trim().strip_prefix("listening on ").expect("its address").to_owned();
        Served { child, url, _stdout: stdout }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // One that is gone already needs no ending.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
