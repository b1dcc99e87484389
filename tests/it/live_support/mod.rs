//! The built program against a live target: a proxy in front of the reference client that can be told to misbehave, and
//! what the program made of it.
//!
//! The proxy knows the reference client's ways (every body has a length) and nothing of the program.

// Each test file uses its own part of this.
#![allow(dead_code)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;
use wabizspec::reference::{Server, Settings};

/// The longest wait for the other side. No test gets near it, on however busy a machine; it only keeps a defect from
/// hanging the test for ever.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A request as the proxy read it.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    pub target: String,
    pub head: String,
    pub body: Vec<u8>,
    pub at: Instant,
}

impl Asked {
    pub fn is(&self, method: &str, target: &str) -> bool {
        self.method == method && self.target == target
    }

    /// The value of a header, its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.find_map(|(known, value)| known.eq_ignore_ascii_case(name).then(|| value.trim()))
    }
}

/// What a rule did with a request.
pub enum Next {
    /// Nothing: the reference client answers it.
    Forward,
    /// It has been answered; the connection goes on.
    Keep,
    /// The connection closes.
    Close,
}

type Rule = dyn Fn(&Asked, &mut TcpStream) -> Next + Send + Sync;

/// A reference client behind a proxy. Everything ends with it.
pub struct Proxy {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

struct Shared {
    reference: Server,
    rule: Box<Rule>,
    log: Mutex<Vec<Asked>>,
    refused_logins: AtomicUsize,
    /// Nobody listens.
    deaf: AtomicBool,
    /// No connection lives.
    down: AtomicBool,
}

impl Proxy {
    pub fn new(rule: impl Fn(&Asked, &mut TcpStream) -> Next + Send + Sync + 'static) -> Proxy {
        let reference = Server::start((Ipv4Addr::LOCALHOST, 0).into(), Settings::default()).expect("reference");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            reference,
            rule: Box::new(rule),
            log: Mutex::default(),
            refused_logins: AtomicUsize::new(0),
            deaf: AtomicBool::new(false),
            down: AtomicBool::new(false),
        });
        let listening = Some(listen(listener, Arc::clone(&shared)));
        Proxy { address, shared, listening }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far.
    pub fn log(&self) -> Vec<Asked> {
        self.shared.log.lock().expect("log").clone()
    }

    /// How many requests to the login the reference client did not accept.
    pub fn refused_logins(&self) -> usize {
        self.shared.refused_logins.load(Ordering::SeqCst)
    }

    pub fn requests(&self) -> usize {
        self.shared.log.lock().expect("log").len()
    }

    /// Closes the port; connections die with their next request.
    pub fn go_down(&mut self) {
        self.shared.deaf.store(true, Ordering::SeqCst);
        // The listening thread looks only when somebody comes.
        let _ = TcpStream::connect(self.address);
        if let Some(listening) = self.listening.take() {
            listening.join().expect("the listening thread");
        }
        // Only now, so that whoever loses a connection finds the port closed.
        self.shared.down.store(true, Ordering::SeqCst);
    }

    /// Opens the same port again.
    pub fn come_back(&mut self) {
        self.shared.deaf.store(false, Ordering::SeqCst);
        self.shared.down.store(false, Ordering::SeqCst);
        let listener = TcpListener::bind(self.address).expect("the same port");
        self.listening = Some(listen(listener, Arc::clone(&self.shared)));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if self.listening.is_some() {
            self.go_down();
        }
    }
}

fn listen(listener: TcpListener, shared: Arc<Shared>) -> JoinHandle<()> {
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            if shared.deaf.load(Ordering::SeqCst) {
                return;
            }
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.serve(stream));
        }
    })
}

impl Shared {
    fn serve(&self, mut client: TcpStream) {
        client.set_nodelay(true).expect("nodelay");
        client.set_read_timeout(Some(PATIENCE)).expect("a read timeout");
        client.set_write_timeout(Some(PATIENCE)).expect("a write timeout");
        let mut reader = BufReader::new(client.try_clone().expect("a second handle"));
        let mut upstream: Option<BufReader<TcpStream>> = None;
        while let Some(asked) = read_request(&mut reader) {
            if self.down.load(Ordering::SeqCst) {
                return;
            }
            self.log.lock().expect("log").push(asked.clone());
            match (self.rule)(&asked, &mut client) {
                Next::Keep => {}
                Next::Close => return,
                Next::Forward => {
                    let upstream = upstream.get_or_insert_with(|| {
                        let stream = TcpStream::connect(self.reference.address()).expect("the reference client");
                        BufReader::new(stream)
                    });
                    let Some(answer) = forward(&asked, upstream) else {
                        return;
                    };
                    if asked.target.starts_with("/v1/users/login") && !answer.starts_with(b"HTTP/1.1 2") {
                        self.refused_logins.fetch_add(1, Ordering::SeqCst);
                    }
                    if client.write_all(&answer).is_err() {
                        return;
                    }
                }
            }
        }
    }
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let (head, length) = read_head(reader)?;
    let body = match head.to_ascii_lowercase().contains("\r\ntransfer-encoding:") {
        true => read_chunks(reader)?,
        false => read_bytes(reader, length)?,
    };
    let mut words = head.split(' ');
    Some(Asked { method: words.next()?.to_owned(), target: words.next()?.to_owned(), at: Instant::now(), head, body })
}

fn read_bytes(reader: &mut impl Read, length: usize) -> Option<Vec<u8>> {
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(body)
}

/// A chunked body as it came, chunk sizes and all.
fn read_chunks(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let start = body.len();
        reader.read_until(b'\n', &mut body).ok().filter(|count| *count > 0)?;
        let line = String::from_utf8_lossy(&body[start..]).into_owned();
        let size = usize::from_str_radix(line.split(';').next()?.trim(), 16).ok()?;
        body.extend(read_bytes(reader, size + 2)?);
        if size == 0 {
            return Some(body);
        }
    }
}

/// A head and the length of the body that follows it.
fn read_head(reader: &mut impl BufRead) -> Option<(String, usize)> {
    let mut head = String::new();
    loop {
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line).ok().filter(|count| *count > 0)?;
        head.push_str(&String::from_utf8_lossy(&line));
        if line == b"\r\n" {
            break;
        }
    }
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, value)| value.trim().parse().unwrap_or(0));
    Some((head, length))
}

fn forward(asked: &Asked, upstream: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let request = [asked.head.as_bytes(), &asked.body].concat();
    upstream.get_mut().write_all(&request).ok()?;
    let (head, length) = read_head(upstream)?;
    // The answer to HEAD has a length and no body.
    let body = read_bytes(upstream, if asked.method == "HEAD" { 0 } else { length })?;
    Some([head.as_bytes(), &body].concat())
}

/// A whole answer with a JSON body and a length.
pub fn answer(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// Writes, and does not mind that the client has gone. False if it has.
pub fn write(stream: &mut TcpStream, bytes: impl AsRef<[u8]>) -> bool {
    stream.write_all(bytes.as_ref()).is_ok()
}

/// Waits until the client closes.
pub fn hold(stream: &mut TcpStream) {
    let mut sink = [0; 4096];
    while stream.read(&mut sink).is_ok_and(|count| count > 0) {}
}

/// What the program made of a target.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    /// The report of `--report json`; null where there is none.
    pub report: Value,
    pub out: String,
    pub err: String,
    /// The most memory that it held, in KiB, as far as it was looked at.
    pub peak_kib: u64,
    pub elapsed: Duration,
}

impl Ran {
    pub fn case(&self, id: &str) -> &Value {
        let cases = self.report["cases"].as_array().expect("cases");
        let case = cases.iter().find(|case| case["id"] == id);
        case.unwrap_or_else(|| panic!("no case {id}: {}", self.out))
    }

    pub fn verdict(&self, id: &str) -> &str {
        self.case(id)["verdict"].as_str().expect("a verdict")
    }

    pub fn reason(&self, id: &str) -> &str {
        self.case(id)["reason"].as_str().unwrap_or_default()
    }

    /// The requirements that the case breaks, once each.
    pub fn broken(&self, id: &str) -> Vec<&str> {
        let findings = self.case(id)["findings"].as_array().expect("findings");
        let mut ids: Vec<&str> = findings.iter().filter_map(|finding| finding["requirement"].as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    pub fn count(&self, verdict: &str) -> u64 {
        self.report["summary"][verdict].as_u64().expect("a count")
    }

    pub fn notes(&self) -> String {
        self.report["notes"].to_string()
    }
}

/// Runs `wabizspec run` with these arguments in an empty folder, its state there as well, and waits for it.
pub fn run(arguments: &[&str]) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    run_in(folder.path(), arguments)
}

pub fn run_in(folder: &Path, arguments: &[&str]) -> Ran {
    let report = folder.join("report.json");
    let begun = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_wabizspec"))
        .arg("run")
        .args(arguments)
        .arg(format!("--report=json={}", report.display()))
        .current_dir(folder)
        .env_clear()
        .env("XDG_STATE_HOME", folder.join("state"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    let drain = |mut pipe: Box<dyn Read + Send>| {
        thread::spawn(move || {
            let mut text = Vec::new();
            let _ = pipe.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        })
    };
    let out = drain(Box::new(child.stdout.take().expect("standard output")));
    let err = drain(Box::new(child.stderr.take().expect("standard error")));
    let mut peak_kib = 0;
    let status = loop {
        peak_kib = peak_kib.max(peak_of(child.id()));
        if let Some(status) = child.try_wait().expect("a status") {
            break status;
        }
        if begun.elapsed() > 3 * PATIENCE {
            let _ = child.kill();
            panic!("the program hangs: {arguments:?}");
        }
        thread::sleep(Duration::from_millis(5));
    };
    let (out, err) = (out.join().expect("output"), err.join().expect("output"));
    let report = std::fs::read(&report).ok();
    Ran {
        code: status.code().expect("an exit code"),
        report: report.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or(Value::Null),
        out,
        err,
        peak_kib,
        elapsed: begun.elapsed(),
    }
}

fn peak_of(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}
