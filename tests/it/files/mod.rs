//! What the program does with paths that lead elsewhere: links, pipes, devices, files of other users, and reports that
//! would overwrite what a run reads.

mod reading;
mod reports;
mod secrets;
mod writing;

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::safety_support::{OWNERS, wabizspec};

/// What is somebody else's, and must stay as it is.
const VICTIM: &str = "alias ll='ls -l'\n";

/// A folder with the file `victim`, which is the current folder of the programs that are started in it.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().expect("folder"));
        place.write("victim", VICTIM);
        place
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) {
        self.folder_of(name);
        fs::write(self.path().join(name), text).expect("written");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).expect(name)
    }

    /// A link of that name to something in the same place.
    fn link(&self, name: &str, to: &str) {
        self.folder_of(name);
        std::os::unix::fs::symlink(self.path().join(to), self.path().join(name)).expect("link");
    }

    fn pipe(&self, name: &str) {
        self.folder_of(name);
        let made = Command::new("mkfifo").arg(self.path().join(name)).status();
        assert!(made.expect("mkfifo").success());
    }

    fn folder_of(&self, name: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("folder")).expect("folder");
    }

    fn is_link(&self, name: &str) -> bool {
        let found = fs::symlink_metadata(self.path().join(name));
        found.expect(name).is_symlink()
    }

    fn run(&self, args: &[&str]) -> Ended {
        self.run_with(args, |_| {})
    }

    /// The same with the address of a target in the place of `URL`, and with its password.
    fn run_at(&self, url: &str, args: &[&str]) -> Ended {
        let given: Vec<&str> = args.iter().map(|arg| if *arg == "URL" { url } else { *arg }).collect();
        self.run_with(&given, |command| {
            if args.contains(&"URL") {
                command.env("WABIZSPEC_ADMIN_PASSWORD", OWNERS);
            }
        })
    }

    /// Runs the program with everything that it may write in this place.
    fn run_with(&self, args: &[&str], edit: impl FnOnce(&mut Command)) -> Ended {
        let mut command = wabizspec(self.path());
        command.args(args).env("TMPDIR", self.path()).env_remove("WABIZSPEC_TARGET");
        edit(&mut command);
        end(command)
    }
}

/// The calls that open, create, rename or remove files.
const CALLS: [&str; 11] = [
    "File::open",
    "File::create",
    "OpenOptions",
    "fs::read(",
    "fs::read_to_string",
    "fs::write",
    "fs::copy",
    "fs::rename",
    "fs::remove_",
    "fs::create_dir",
    "DirBuilder",
];

#[test]
fn one_module_opens_files() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut folders, mut found) = (vec![src.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("folder") {
            let path = entry.expect("entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).expect("source");
            // How many files may be open is found out with the one that is always there.
            let text = text.replace("File::open(\"/dev/null\")", "");
            let program = text.split("#[cfg(test)]").next().expect("text");
            let name = path.strip_prefix(&src).expect("below").display().to_string();
            let is_test = name.ends_with("tests.rs") || name.contains("/tests/");
            if !is_test && CALLS.iter().any(|call| program.contains(call)) {
                found.push(name);
            }
        }
    }
    assert_eq!(found, ["files.rs"]);
}

struct Ended {
    /// Absent where it did not end by itself.
    code: Option<i32>,
    text: String,
}

impl Ended {
    #[track_caller]
    fn says(self, what: &str, code: i32, part: &str) {
        let wrong = self.differs(code, part);
        assert_eq!(wrong, None, "{what}");
    }

    /// What is wrong, where it did not end with that code or does not say that.
    fn differs(&self, code: i32, part: &str) -> Option<String> {
        let right = self.code == Some(code) && self.text.contains(part);
        (!right).then(|| format!("ended with {:?} instead of {code} and \"{part}\": {}", self.code, self.text))
    }
}

/// Waits for a program that must end by itself.
fn end(mut command: Command) -> Ended {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start");
    let reader = |mut stream: Box<dyn Read + Send>| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).expect("output");
            String::from_utf8_lossy(&bytes).into_owned()
        })
    };
    let out = reader(Box::new(child.stdout.take().expect("stdout")));
    let err = reader(Box::new(child.stderr.take().expect("stderr")));
    let patience = Instant::now() + Duration::from_secs(60);
    let status = loop {
        if let Some(status) = child.try_wait().expect("status") {
            break Some(status);
        }
        if Instant::now() > patience {
            child.kill().expect("kill");
            child.wait().expect("wait");
            break None;
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    Ended { code: status.and_then(|status| status.code()), text: out.join().expect("out") + &err.join().expect("err") }
}
