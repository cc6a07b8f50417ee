//! A disk that is full: an error for whoever writes, answers for whoever reads, and writing again once there is room.
//!
//! The kernel's limit on the size of a file stands for the full disk: it needs no rights and fails the same writes.

use std::process::Command;

use serde_json::json;

use crate::wire::{Connection, Server, leadwire};

/// Blocks of 512 bytes a file may have at first.
const BLOCKS: usize = 4096;

/// The server under a limit it can be freed from. Writing beyond it is an error, not the end of the process.
fn confined(dir: &std::path::Path) -> Server {
    let program = leadwire();
    let mut command = Command::new("sh");
    command.env_clear().env("HOME", "/nonexistent").env("PATH", "/usr/bin:/bin");
    command.arg("-c").arg(format!("trap '' XFSZ; ulimit -S -f {BLOCKS}; exec \"$0\" \"$@\"")).arg(program.get_program());
    command.args(["serve", "--listen", "127.0.0.1:0", "--rate-limit", "off", "--log", "off", "--data-dir"]).arg(dir);
    Server::spawn(command)
}

fn free(server: &Server) {
    let status = Command::new("prlimit").args(["--fsize=unlimited:", "--pid"]).arg(server.id().to_string()).status().unwrap();
    assert!(status.success());
}

#[test]
fn a_full_disk_refuses_writes_answers_reads_and_recovers() {
    let dir = tempfile::tempdir().unwrap();
    let server = confined(dir.path());
    let key = server.first_key();
    let source = server.ask("GET", "/v1/sources", &key, None).ok()["data"][0]["id"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {key}");
    let note = "x".repeat(8000);
    let capture = |connection: &mut Connection, at: usize| {
        let body = json!({ "metadata": { "lead_channel": source }, "lead": { "email": format!("p{at}@example.com"), "note": note } });
        connection.ask("POST", "/rechat/leads", &[("authorization", &bearer)], Some(&body)).unwrap()
    };
    let total = |server: &Server| server.ask("POST", "/closebot/lead/search", &key, Some(&json!({ "totalOnly": true }))).ok()["total"].as_u64().unwrap();

    let mut connection = server.connect();
    let mut stored = 0;
    let refused = loop {
        let answer = capture(&mut connection, stored);
        if answer.status != 200 {
            break answer;
        }
        stored += 1;
        assert!(stored < 10_000, "the disk was never full");
    };
    assert!(stored > 0);
    assert!(matches!(refused.status, 503 | 507), "{}: {}", refused.status, String::from_utf8_lossy(&refused.body));
    for at in 0..20 {
        let answer = capture(&mut connection, 100_000 + at);
        // A later one may just fit; what is answered is what counts.
        match answer.status {
            200 => stored += 1,
            503 | 507 => {}
            other => panic!("{other}: {}", String::from_utf8_lossy(&answer.body)),
        }
    }
    assert_eq!(total(&server), stored as u64, "reads go on, and what was refused is not there");

    free(&server);
    let mut connection = server.connect();
    for at in 0..50 {
        let answer = capture(&mut connection, 200_000 + at);
        assert_eq!(answer.status, 200, "with room again it writes again: {}", String::from_utf8_lossy(&answer.body));
        stored += 1;
    }
    assert_eq!(total(&server), stored as u64);
    server.stop();

    let server = Server::start(dir.path(), &["--log", "off"]);
    assert_eq!(total(&server), stored as u64, "and all of it stands after a restart");
    server.stop();
}
