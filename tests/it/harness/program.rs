//! The program as its users start it: in a folder of its own, with an environment that says nothing, and with its report
//! read back.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::report::Report;

/// No program under test may take longer than this; generous, because a test machine may be busy.
const PATIENCE: Duration = Duration::from_secs(300);

/// The file that [`Program::judge`] asks the report to be written to.
const REPORT: &str = "report.json";

/// All formats, by the names that `--report` knows.
pub const FORMATS: [&str; 6] = ["json", "ndjson", "junit", "html", "markdown", "github"];

/// A `--report` for each format, to a file whose ending is the format.
pub fn reports(stem: &str) -> Vec<String> {
    FORMATS.iter().map(|format| format!("--report={format}={stem}.{format}")).collect()
}

/// A folder that programs are started in. It goes when nothing that ran there is kept any more.
#[derive(Clone)]
pub struct Place(Arc<TempDir>);

impl Place {
    pub fn new() -> Place {
        Place(Arc::new(tempfile::tempdir().expect("a folder")))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn has(&self, name: &str) -> bool {
        self.path().join(name).exists()
    }

    #[track_caller]
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Writes a file, and makes the folder that it lies in.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.new_path(name), text).expect("a file");
    }

    /// Makes a link to something in the same place.
    pub fn link(&self, name: &str, to: &str) {
        std::os::unix::fs::symlink(self.path().join(to), self.new_path(name)).expect("a link");
    }

    fn new_path(&self, name: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        path
    }

    /// Every file in it and in its folders.
    pub fn files(&self) -> Vec<PathBuf> {
        files_below(self.path())
    }

    /// The program with these arguments, in this folder, with its state there, and knowing nothing from the environment.
    pub fn program<S: AsRef<str>>(&self, args: impl IntoIterator<Item = S>) -> Program {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wabizspec"));
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if ["WABIZSPEC_", "GITHUB_", "CI"].iter().any(|start| text.starts_with(start)) {
                command.env_remove(&name);
            }
        }
        command.current_dir(self.path()).env("XDG_STATE_HOME", self.path().join("state")).env("HOME", self.path());
        command.args(args.into_iter().map(|arg| arg.as_ref().to_owned())).stdin(Stdio::null());
        Program { place: self.clone(), command }
    }

    /// `run` with a JSON report in addition to what people read.
    pub fn judge<S: AsRef<str>>(&self, args: impl IntoIterator<Item = S>) -> Program {
        let args = args.into_iter().map(|arg| arg.as_ref().to_owned());
        self.program(["run".to_owned(), format!("--report=json={REPORT}")].into_iter().chain(args))
    }
}

/// Every file in a folder and in its folders.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let (mut folders, mut files) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().expect("a folder").flatten() {
            match entry.path() {
                folder if folder.is_dir() => folders.push(folder),
                file => files.push(file),
            }
        }
    }
    files
}

/// A register of one rule, a must, and of the oracles that any server is held to.
pub fn register(rule: &str) -> String {
    let entry = |id: &str, basis: &str| {
        format!(
            "[\"{id}\"]\nbasis = \"{basis}\"\nstatement = \"A rule.\"\npage = \"a page\"\nsection = \"a section\"\n"
        )
    };
    let oracles = ["answered", "json", "no-crash", "one-answer", "unique-members"];
    let oracles: String = oracles.iter().map(|oracle| entry(&format!("envelope.{oracle}"), "universal")).collect();
    entry(rule, "documented") + &oracles
}

/// A program that is about to be started.
pub struct Program {
    place: Place,
    command: Command,
}

impl Program {
    /// In a place of its own.
    pub fn new<S: AsRef<str>>(args: impl IntoIterator<Item = S>) -> Program {
        Place::new().program(args)
    }

    /// [`Place::judge`], in a place of its own.
    pub fn judge<S: AsRef<str>>(args: impl IntoIterator<Item = S>) -> Program {
        Place::new().judge(args)
    }

    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Program {
        self.command.arg(arg);
        self
    }

    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Program {
        self.command.args(args);
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Program {
        self.command.env(name, value);
        self
    }

    pub fn without_env(mut self, name: &str) -> Program {
        self.command.env_remove(name);
        self
    }

    /// With the owner's password.
    pub fn password(self) -> Program {
        self.env(super::target::PASSWORD, super::target::OWNERS)
    }

    pub fn stdin(mut self, file: File) -> Program {
        self.command.stdin(file);
        self
    }

    /// A file in its folder, which may lie in a folder of its own.
    pub fn file(self, name: &str, text: &str) -> Program {
        self.place.write(name, text);
        self
    }

    /// A suite of its own, for `--scenarios suite`: a scenario `login/one` with these steps, which may cite `login.one`
    /// (a must), and the oracles that any server is held to.
    pub fn suite(self, steps: &str) -> Program {
        self.file("suite/requirements.toml", &register("login.one"))
            .file("suite/login/one.toml", &format!("title = \"One\"\n{steps}"))
    }

    pub fn path(&self) -> &Path {
        self.place.path()
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
        command.current_dir(self.path()).stdin(Stdio::null());
        self.command = command;
        self
    }

    /// No file that it writes may become larger than so many blocks of 512 bytes: to it, the disk is full then.
    pub fn on_a_disk_of(self, blocks: u32) -> Program {
        self.through(&format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\""))
    }

    pub fn start(mut self) -> Running {
        let mut child = self.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let stdout = collect(child.stdout.take().expect("standard output"));
        let stderr = collect(child.stderr.take().expect("standard error"));
        Running { place: self.place, child, stdout, stderr }
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
    place: Place,
    child: Child,
    stdout: JoinHandle<Vec<u8>>,
    stderr: JoinHandle<Vec<u8>>,
}

impl Running {
    /// What Ctrl-C does.
    pub fn interrupt(&self) {
        self.signal("INT");
    }

    /// Sends it that signal, such as `HUP`.
    pub fn signal(&self, name: &str) {
        signal(self.id(), name);
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
        let report = fs::read(self.place.path().join(REPORT)).ok();
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

/// The most memory that the program has held so far as that process, in KiB. Until the process has the program's name it
/// may still show the memory of the process that started it.
fn peak_of(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    if !status.starts_with("Name:\twabizspec\n") {
        return 0;
    }
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}

/// Sends a process that signal.
pub fn signal(process: u32, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), process.to_string()]).status();
    assert!(sent.expect("`kill` runs").success());
}

/// Waits until something is so.
#[track_caller]
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "never {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A program that has ended. What it reported can be asked of it directly.
pub struct Ended {
    /// The exit code; none where a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
    /// The most memory that it held, in KiB, as far as it was looked at.
    pub peak_kib: u64,
    report: Option<Report>,
    place: Place,
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

    /// Everything that it said, on either stream.
    pub fn said(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    #[track_caller]
    pub fn says(self, part: &str) -> Ended {
        assert!(self.said().contains(part), "`{part}` is not in\n{}", self.said());
        self
    }

    /// The folder that it ran in.
    pub fn folder(&self) -> &Path {
        self.place.path()
    }

    pub fn place(&self) -> &Place {
        &self.place
    }

    pub fn has(&self, name: &str) -> bool {
        self.place.has(name)
    }

    #[track_caller]
    pub fn file(&self, name: &str) -> String {
        self.place.read(name)
    }

    /// The report that [`Program::judge`] asked for.
    #[track_caller]
    pub fn report(&self) -> Report {
        Report::clone(self)
    }
}

/// A server in a process of its own, which says where it listens; it ends with this.
pub struct Served {
    child: Child,
    pub url: String,
    _stdout: BufReader<ChildStdout>,
}

impl Served {
    /// `wabizspec serve --control`.
    pub fn reference() -> Served {
        Served::start(Program::new(["serve", "--listen", "127.0.0.1:0", "--control"]).command)
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
