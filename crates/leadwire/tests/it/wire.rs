//! The server as a process, and HTTP spoken to it byte by byte.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;

/// Nothing here takes so long, on any machine, unless it never comes.
const NEVER: Duration = Duration::from_mins(1);

/// The program, with nothing of this process's environment but what it needs to run.
pub(crate) fn leadwire() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leadwire"));
    command.env_clear().env("HOME", "/nonexistent");
    command
}

/// A running `leadwire serve`. Killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// What it printed before it listened.
    pub(crate) greeting: String,
}

impl Server {
    /// On a port of its own, with further flags.
    pub(crate) fn start(dir: &Path, flags: &[&str]) -> Self {
        let mut command = leadwire();
        command.args(["serve", "--listen", "127.0.0.1:0", "--rate-limit", "off", "--data-dir"]).arg(dir).args(flags);
        Self::spawn(command)
    }

    /// Whatever the command says; it must print where it listens.
    pub(crate) fn spawn(command: Command) -> Self {
        Self::until(command, |line| line.contains("listens on http://"))
    }

    /// A demo says more after that.
    pub(crate) fn spawn_demo(command: Command) -> Self {
        Self::until(command, |line| line.starts_with("Stop it"))
    }

    fn until(mut command: Command, last: fn(&str) -> bool) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut greeting = String::new();
        let mut address = None;
        loop {
            let Some(line) = lines.next() else {
                panic!("the server ended ({}) before it listened: {greeting}", child.wait().unwrap());
            };
            let line = line.unwrap();
            greeting.push_str(&line);
            greeting.push('\n');
            address = line.split_once("listens on http://").map(|(_, it)| it.split(' ').next().unwrap().parse().unwrap()).or(address);
            if last(&line) {
                break;
            }
        }
        let address = address.expect("it did not say where it listens");
        // Whatever else it prints must not block it.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address, greeting }
    }

    /// The admin key of a database that was empty.
    pub(crate) fn first_key(&self) -> String {
        self.greeting.lines().find(|it| it.starts_with("lw_")).expect("no key was printed").to_owned()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL, and waits until it is gone.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.id().to_string()).status().unwrap();
        assert!(sent.success());
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// SIGTERM, and waits for a clean end.
    pub(crate) fn stop(mut self) {
        self.signal("TERM");
        assert!(self.wait().success());
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::to(self.address).unwrap()
    }

    /// One request on a connection of its own.
    pub(crate) fn ask(&self, method: &str, path: &str, key: &str, body: Option<&Value>) -> Answer {
        self.connect().ask(method, path, &[("authorization", &format!("Bearer {key}"))], body).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert!((200..300).contains(&self.status), "{}: {}", self.status, String::from_utf8_lossy(&self.body));
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A kept-alive connection.
pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    pub(crate) fn to(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(NEVER))?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.get_mut().write_all(bytes)
    }

    pub(crate) fn ask(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> std::io::Result<Answer> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: test\r\n");
        for (name, value) in headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        let body = body.map(ToString::to_string).unwrap_or_default();
        if !body.is_empty() {
            head.push_str("content-type: application/json\r\n");
        }
        let length = body.len();
        self.send(format!("{head}content-length: {length}\r\n\r\n{body}").as_bytes())?;
        self.answer()
    }

    /// Reads one answer.
    pub(crate) fn answer(&mut self) -> std::io::Result<Answer> {
        let gone = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
        let mut line = String::new();
        if self.0.read_line(&mut line)? == 0 {
            return Err(gone());
        }
        let status = line.split(' ').nth(1).and_then(|it| it.parse().ok()).ok_or_else(gone)?;
        let mut length = 0;
        loop {
            line.clear();
            if self.0.read_line(&mut line)? == 0 {
                return Err(gone());
            }
            match line.trim_end().split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.trim().parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        Ok(Answer { status, body })
    }

    /// Whether anything has come, without waiting for it.
    pub(crate) fn has_answer(&mut self) -> bool {
        self.0.get_ref().set_nonblocking(true).unwrap();
        let come = self.0.fill_buf().is_ok_and(|it| !it.is_empty());
        self.0.get_ref().set_nonblocking(false).unwrap();
        come
    }

    /// Whether the server closes the connection, with nothing more or after saying why.
    pub(crate) fn closes(&mut self) -> bool {
        let mut rest = Vec::new();
        match self.0.read_to_end(&mut rest) {
            Ok(_) => true,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}

/// Makes a call that is printed for people as a `curl` line; gives the body of the answer.
pub(crate) fn curl(line: &str) -> Vec<u8> {
    let mut words = shell_words(line).into_iter();
    assert_eq!(words.next().as_deref(), Some("curl"), "{line}");
    let (mut url, mut headers, mut body) = (String::new(), Vec::new(), None);
    while let Some(word) = words.next() {
        match word.as_str() {
            "-s" => {}
            "-H" => headers.push(words.next().unwrap()),
            "-d" => body = Some(serde_json::from_str::<Value>(&words.next().unwrap()).unwrap()),
            _ => url = word,
        }
    }
    let (host, path) = url.strip_prefix("http://").and_then(|it| it.split_once('/')).unwrap();
    let headers: Vec<(&str, &str)> = headers.iter().filter_map(|it| it.split_once(": ")).filter(|(name, _)| *name != "Content-Type").collect();
    let method = if body.is_some() { "POST" } else { "GET" };
    let answer = Connection::to(host.parse().unwrap()).unwrap().ask(method, &format!("/{path}"), &headers, body.as_ref()).unwrap();
    assert!((200..300).contains(&answer.status), "{line}: {}", String::from_utf8_lossy(&answer.body));
    answer.body
}

/// Words as a shell splits them; of its quotes only the single ones, as our calls use no others.
fn shell_words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for it in line.trim().chars() {
        match it {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            it => words.last_mut().unwrap().push(it),
        }
    }
    words
}
