//! A disk that is full: an error for whoever writes, answers for whoever reads, and writing again once there is room.
//!
//! The disk is a small one of memory, in a namespace of its own. Where the system lets nobody make one, the kernel's
//! limit on the size of a file stands for it. That limit fails writes in a way the server cannot tell from a broken
//! disk, so that it may stop; but it must never have acknowledged what is not there.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::wire::{Answer, Server, leadwire};

/// The disk, and what lies on it until room is needed.
const DISK: &str = "12m";
const FILLER: &str = "6m";

/// 2 MB in blocks of 512 bytes.
const LIMIT_BLOCKS: usize = 4096;

fn serve(program: &str, words: &[&str], script: &str, dir: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("HOME", "/nonexistent").env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").args(words);
    command.args(["sh", "-c", script]).arg(leadwire().get_program());
    command.args(["serve", "--listen", "127.0.0.1:0", "--rate-limit", "off", "--log", "off", "--data-dir"]).arg(dir);
    command
}

/// How this system lets us mount: as anybody, as root, or not at all.
fn mounter() -> Option<Vec<&'static str>> {
    let ways = [vec!["-Urm"], vec!["-m"]];
    let dir = tempfile::tempdir().unwrap();
    let script = format!("mount -t tmpfs -o size=1m tmpfs {}", dir.path().display());
    ways.into_iter().find(|it| Command::new("unshare").args(it).args(["sh", "-c", &script]).output().is_ok_and(|it| it.status.success()))
}

struct Clients<'a> {
    server: &'a Server,
    key: String,
    source: String,
}

impl<'a> Clients<'a> {
    fn new(server: &'a Server) -> Self {
        let key = server.first_key();
        let source = server.ask("GET", "/v1/sources", &key, None).ok()["data"][0]["id"].as_str().unwrap().to_owned();
        Self { server, key, source }
    }

    fn capture(&self, at: usize) -> std::io::Result<Answer> {
        // Large and hardly to be compressed by anything: the disk is soon full.
        let note: String = (0..800).flat_map(|it| format!("{:010x}", (it + 1) * (at + 7) * 2_654_435_761).into_bytes()).map(char::from).collect();
        let body = json!({ "metadata": { "lead_channel": self.source }, "lead": { "email": format!("p{at}@example.com"), "note": note } });
        let bearer = format!("Bearer {}", self.key);
        self.server.connect().ask("POST", "/rechat/leads", &[("authorization", &bearer)], Some(&body))
    }

    fn total(&self) -> Value {
        self.server.ask("POST", "/closebot/lead/search", &self.key, Some(&json!({ "totalOnly": true }))).ok()["total"].clone()
    }
}

#[test]
fn a_full_disk_refuses_writes_answers_reads_and_recovers() {
    match mounter() {
        Some(how) => on_a_small_disk(&how),
        None => under_a_limit(),
    }
}

fn on_a_small_disk(how: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().display();
    let script = format!("mount -t tmpfs -o size={DISK} tmpfs {at} && head -c {FILLER} /dev/zero > {at}/filler && exec \"$0\" \"$@\"");
    let data = dir.path().join("data");
    let server = Server::spawn(serve("unshare", how, &script, &data));
    // The disk is seen by the server and, through it, by us.
    let seen = PathBuf::from(format!("/proc/{}/root{at}", server.id()));
    assert!(seen.join("filler").exists());
    let clients = Clients::new(&server);
    let mut stored = 0;
    let refused = loop {
        let answer = clients.capture(stored).unwrap();
        if answer.status != 200 {
            break answer;
        }
        stored += 1;
        assert!(stored < 10_000, "the disk was never full");
    };
    assert!(stored > 0);
    assert!(matches!(refused.status, 503 | 507), "{}: {}", refused.status, String::from_utf8_lossy(&refused.body));
    for at in 0..20 {
        let answer = clients.capture(100_000 + at).unwrap();
        match answer.status {
            // One may just fit.
            200 => stored += 1,
            503 | 507 => {}
            other => panic!("{other}: {}", String::from_utf8_lossy(&answer.body)),
        }
    }
    assert_eq!(clients.total(), stored, "reads go on, and what was refused is not there");

    std::fs::remove_file(seen.join("filler")).unwrap();
    for at in 0..20 {
        let answer = clients.capture(200_000 + at).unwrap();
        assert_eq!(answer.status, 200, "with room again it writes again: {}", String::from_utf8_lossy(&answer.body));
        stored += 1;
    }
    assert_eq!(clients.total(), stored);

    // The disk goes with the server: what lies on it is taken while nothing is written, as a copy after a kill.
    let copy = dir.path().join("copy");
    std::fs::create_dir(&copy).unwrap();
    for file in std::fs::read_dir(seen.join("data")).unwrap() {
        let file = file.unwrap();
        if file.file_type().unwrap().is_file() {
            std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
        }
    }
    let key = clients.key;
    server.kill();
    stands(&copy, &key, stored);
}

fn under_a_limit() {
    let dir = tempfile::tempdir().unwrap();
    let script = format!("trap '' XFSZ; ulimit -S -f {LIMIT_BLOCKS}; exec \"$0\" \"$@\"");
    let server = Server::spawn(serve("env", &[], &script, dir.path()));
    let clients = Clients::new(&server);
    let mut stored = 0;
    while clients.capture(stored).is_ok_and(|it| it.status == 200) {
        stored += 1;
        assert!(stored < 10_000, "the limit was never reached");
    }
    let key = clients.key;
    server.kill();
    stands(dir.path(), &key, stored);
}

/// All of it stands after a restart, and more can be written.
fn stands(dir: &Path, key: &str, stored: usize) {
    let server = Server::start(dir, &["--log", "off"]);
    let found = server.ask("POST", "/closebot/lead/search", key, Some(&json!({ "totalOnly": true }))).ok();
    assert_eq!(found["total"], stored);
    let source = server.ask("GET", "/v1/sources", key, None).ok()["data"][0]["id"].clone();
    server.ask("POST", "/rechat/leads", key, Some(&json!({ "metadata": { "lead_channel": source }, "lead": { "email": "after@example.com" } }))).ok();
    server.stop();
}
