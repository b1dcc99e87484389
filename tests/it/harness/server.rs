//! Servers that do with each connection what a test says, and the only accept loop of the tests.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::program::Address;
use super::proxy::Reaction;

/// The longest wait for the other side. It only keeps a defect from hanging a test.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A listening server. It listens until it is dropped; connections that are open then go on.
pub struct Server {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    accepted: AtomicUsize,
    closed: AtomicBool,
    log: Mutex<Vec<Asked>>,
}

impl Server {
    pub fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// The requests to a server that is [`answering`], so far.
    pub fn log(&self) -> Vec<Asked> {
        self.shared.log.lock().expect("log").clone()
    }

    pub fn sent(&self) -> String {
        self.log().iter().map(Asked::text).collect()
    }
}

impl Address for Server {
    fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        // The loop looks only when somebody connects.
        let _ = TcpStream::connect(self.address);
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

/// Serves every connection with `script`, which is given its number (from 0) and closes it by returning.
pub fn serve(script: impl Fn(usize, TcpStream) + Send + Sync + 'static) -> Server {
    serve_on(LOOPBACK, script).expect("the loopback address can be listened on")
}

/// Reads each request and never answers it, for as long as the client waits.
pub fn silent() -> Server {
    serve(|_, mut stream| {
        stream.set_read_timeout(None).expect("no read timeout");
        hold(&mut stream);
    })
}

/// Reads the head of one request of each connection, answers with these bytes and closes.
pub fn once(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Server {
    serve(move |_, mut stream| {
        read_head(&mut stream);
        write(&mut stream, &bytes);
    })
}

pub fn serve_on(
    address: SocketAddr,
    script: impl Fn(usize, TcpStream) + Send + Sync + 'static,
) -> std::io::Result<Server> {
    listen(address, Arc::default(), script)
}

fn listen(
    address: SocketAddr,
    shared: Arc<Shared>,
    script: impl Fn(usize, TcpStream) + Send + Sync + 'static,
) -> std::io::Result<Server> {
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    let (of_loop, script) = (Arc::clone(&shared), Arc::new(script));
    let listening = thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            if of_loop.closed.load(Ordering::SeqCst) {
                return;
            }
            stream.set_nodelay(true).expect("nodelay");
            stream.set_read_timeout(Some(PATIENCE)).expect("a read timeout");
            stream.set_write_timeout(Some(PATIENCE)).expect("a write timeout");
            let number = of_loop.accepted.fetch_add(1, Ordering::SeqCst);
            let script = Arc::clone(&script);
            thread::spawn(move || script(number, stream));
        }
    });
    Ok(Server { address, shared, listening: Some(listening) })
}

/// Answers every request with what `respond` returns. Connections are kept, unless the answer says `Connection: close`.
pub fn answering<A: AsRef<[u8]>>(respond: impl Fn(&Asked) -> A + Send + Sync + 'static) -> Server {
    let shared = Arc::<Shared>::default();
    let kept = Arc::clone(&shared);
    let script = move |_, mut stream: TcpStream| {
        while let Some(asked) = read_request(&mut stream) {
            let answer = respond(&asked);
            kept.log.lock().expect("log").push(asked);
            write(&mut stream, &answer);
            if answer.as_ref().windows(17).any(|bytes| bytes == b"Connection: close") {
                // Closed at once, what is left unread would turn the end of the connection into a reset.
                let _ = stream.shutdown(Shutdown::Write);
                return hold(&mut stream);
            }
        }
    };
    listen(LOOPBACK, shared, script).expect("the loopback address can be listened on")
}

pub fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    format!("http://{}", listener.local_addr().expect("an address"))
}

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

    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }

    /// Nothing is answered any more but the requests by which a run cleans up.
    pub fn hangs_unless_it_cleans_up(&self) -> Reaction {
        Reaction::Hang.when(self.method != "DELETE" && self.path() != "/v1/users/logout")
    }

    pub fn text(&self) -> String {
        format!("{}{}", self.head, String::from_utf8_lossy(&self.body))
    }
}

pub fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let mut lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    lines.find_map(|(known, value)| known.eq_ignore_ascii_case(name).then(|| value.trim()))
}

/// Reads one request with its body; `None` when the client closes first.
pub fn read_request(stream: &mut impl Read) -> Option<Asked> {
    let head = read_head(stream)?;
    let body = read_body(stream, &head)?;
    let mut words = head.split(' ');
    Some(Asked { method: words.next()?.to_owned(), target: words.next()?.to_owned(), at: Instant::now(), head, body })
}

/// Reads one head and no body; `None` when the other side closes first.
pub fn read_head(stream: &mut impl Read) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(read_bytes(stream, 1)?[0]);
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}

/// The body behind that head as it comes, chunk sizes and all; none where the head gives no length.
pub fn read_body(stream: &mut impl Read, head: &str) -> Option<Vec<u8>> {
    match header(head, "transfer-encoding") {
        Some(_) => read_chunks(stream),
        None => {
            let length = header(head, "content-length").map_or(0, |value| value.parse().unwrap_or(0));
            read_bytes(stream, length)
        }
    }
}

fn read_bytes(stream: &mut impl Read, length: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

fn read_chunks(stream: &mut impl Read) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let start = body.len();
        while !body[start..].ends_with(b"\n") {
            body.extend(read_bytes(stream, 1)?);
        }
        let line = String::from_utf8_lossy(&body[start..]).into_owned();
        let size = usize::from_str_radix(line.split(';').next()?.trim(), 16).ok()?;
        body.extend(read_bytes(stream, size + 2)?);
        if size == 0 {
            return Some(body);
        }
    }
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

/// Writes, and does not mind that the client has gone.
pub fn write(stream: &mut impl Write, bytes: impl AsRef<[u8]>) {
    let _ = stream.write_all(bytes.as_ref());
}

/// Keeps the connection open until the client closes it.
pub fn hold(stream: &mut impl Read) {
    let _ = std::io::copy(stream, &mut std::io::sink());
}

pub fn reset(stream: TcpStream) {
    ends_with_a_reset(&stream);
}

/// Makes the connection end with a reset when it is closed.
pub fn ends_with_a_reset(stream: &TcpStream) {
    let socket = socket2::SockRef::from(stream);
    socket.set_linger(Some(Duration::ZERO)).expect("linger");
}

/// Keeps the connection open and reads no more from it, for as long as the test process lives.
pub fn stall(stream: TcpStream) {
    std::mem::forget(stream);
}
