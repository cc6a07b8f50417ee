//! The program: its settings, its directory, its socket, its end.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::json;

use crate::wire::{Server, leadwire};

fn output(command: &mut std::process::Command) -> (bool, String, String) {
    let out = command.output().unwrap();
    (out.status.success(), String::from_utf8(out.stdout).unwrap(), String::from_utf8(out.stderr).unwrap())
}

fn keys(dir: &Path, words: &[&str]) -> (bool, String, String) {
    let (verb, rest) = words.split_first().unwrap();
    output(leadwire().arg("keys").arg(verb).arg("--data-dir").arg(dir).args(rest))
}

#[test]
fn a_flag_wins_over_the_environment_and_the_environment_over_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("leadwire.toml");
    let data = |name: &str| dir.path().join(name);
    std::fs::write(&file, format!("listen = \"127.0.0.1:0\"\ndata_dir = {:?}\n", data("file"))).unwrap();
    let start = |env: Option<&str>, flag: Option<&str>| {
        let mut command = leadwire();
        command.arg("serve").arg("--config").arg(&file);
        if let Some(env) = env {
            command.env("LEADWIRE_DATA_DIR", data(env));
        }
        if let Some(flag) = flag {
            command.arg("--data-dir").arg(data(flag));
        }
        Server::spawn(command).stop();
    };
    start(None, None);
    assert!(data("file").is_dir() && !data("env").exists());
    start(Some("env"), None);
    assert!(data("env").is_dir() && !data("flag").exists());
    start(Some("env2"), Some("flag"));
    assert!(data("flag").is_dir() && !data("env2").exists());
}

#[test]
fn wrong_settings_are_refused_before_anything_is_touched() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("leadwire.toml");
    std::fs::write(&file, "lisen = \"127.0.0.1:0\"\n").unwrap();
    let data = dir.path().join("data");
    for flags in
        [vec!["--config", file.to_str().unwrap()], vec!["--rate-limit", "lots"], vec!["--idle-timeout", "0s"], vec!["--max-connections", "0"]]
    {
        let (good, _, error) = output(leadwire().args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(&data).args(&flags));
        assert!(!good, "{flags:?}");
        assert!(!error.is_empty(), "{flags:?}");
        assert!(!data.exists(), "{flags:?}");
    }
}

#[test]
fn the_default_file_is_printed_and_can_be_read_back() {
    let (good, printed, _) = output(leadwire().arg("config"));
    assert!(good);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("leadwire.toml");
    std::fs::write(&file, printed).unwrap();
    Server::start(&dir.path().join("data"), &["--config", file.to_str().unwrap()]).stop();
}

#[test]
fn the_admin_key_acts_once_on_an_empty_database() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let generate = || output(leadwire().args(["keys", "generate"])).1.trim().to_owned();
    let (first, second) = (generate(), generate());
    assert_ne!(first, second);
    let server = Server::start(&data, &["--admin-key", &first]);
    assert!(!server.greeting.contains("lw_"), "a key that was given is not printed: {}", server.greeting);
    let brand = server.ask("GET", "/v1/brands", &first, None).ok()["data"][0]["id"].clone();
    server.stop();

    let server = Server::start(&data, &["--admin-key", &second]);
    assert_eq!(server.ask("GET", "/v1/brands", &first, None).ok()["data"][0]["id"], brand);
    assert_eq!(server.ask("GET", "/v1/brands", &second, None).status, 401);
    server.stop();

    // Another installation's first agency has the same id.
    let other = dir.path().join("other");
    let file = dir.path().join("key");
    std::fs::write(&file, format!("{second}\n")).unwrap();
    let server = Server::start(&other, &["--admin-key-file", file.to_str().unwrap()]);
    assert_eq!(server.ask("GET", "/v1/brands", &second, None).ok()["data"][0]["id"], brand);
    server.stop();

    let (good, _, error) =
        output(leadwire().args(["serve", "--listen", "127.0.0.1:0", "--admin-key", "secret", "--data-dir"]).arg(dir.path().join("third")));
    assert!(!good && error.contains("keys generate") && !error.contains("\"secret\""), "{error}");
}

#[test]
fn the_operator_makes_agencies_and_their_admins_do_not() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let operator = server.first_key();
    let made = server.ask("POST", "/v1/brands", &operator, Some(&json!({ "name": "Pine" }))).ok();
    let admin = made["admin_key"]["key"].as_str().unwrap();
    assert_eq!(server.ask("POST", "/v1/brands", admin, Some(&json!({ "name": "Elm" }))).status, 403);
    server.stop();
}

#[test]
fn a_directory_has_one_server() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let (good, _, error) = output(leadwire().args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(dir.path()));
    assert!(!good, "a second server began on the same directory");
    assert!(error.contains(dir.path().to_str().unwrap()), "the error names the directory: {error}");
    assert_eq!(server.ask("GET", "/livez", "", None).status, 200);
    // One that died leaves no lock behind.
    server.kill();
    Server::start(dir.path(), &[]).stop();
}

#[test]
fn keys_are_made_through_the_running_server_and_without_one() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let mode = std::fs::metadata(dir.path().join("control.sock")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mode = std::fs::metadata(dir.path().join("leadwire.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "what lies in it is the owner's alone");
    let make = |name: &str| {
        let (good, out, error) = keys(dir.path(), &["create", "--name", name]);
        assert!(good, "{error}");
        let key = out.lines().next().unwrap().to_owned();
        let id = out.lines().nth(1).unwrap().strip_prefix("id: ").unwrap().split('.').next().unwrap().to_owned();
        (key, id)
    };
    let (live, live_id) = make("made while it runs");
    assert_eq!(server.ask("GET", "/v1/brands", &live, None).status, 200);
    server.stop();
    assert!(!dir.path().join("control.sock").exists());

    let (offline, _) = make("made while it rests");
    let (good, listed, _) = keys(dir.path(), &["list"]);
    assert!(good && listed.contains("made while it runs") && listed.contains("made while it rests"), "{listed}");
    assert!(!listed.contains(&live) && !listed.contains(&offline), "a list shows no key: {listed}");

    let server = Server::start(dir.path(), &[]);
    assert_eq!(server.ask("GET", "/v1/brands", &offline, None).status, 200);
    assert_eq!(server.ask("GET", "/v1/brands", &live, None).status, 200);
    let (good, _, error) = keys(dir.path(), &["revoke", &live_id]);
    assert!(good, "{error}");
    assert_eq!(server.ask("GET", "/v1/brands", &live, None).status, 401);
    let (good, _, error) = keys(dir.path(), &["create", "--name", "x", "--scope", "everything"]);
    assert!(!good && error.contains("everything"), "{error}");
    server.stop();
}

#[test]
fn sigterm_lets_what_has_begun_finish_and_ends_well() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Server::start(dir.path(), &[]);
    let key = server.first_key();
    let source = server.ask("GET", "/v1/sources", &key, None).ok()["data"][0]["id"].as_str().unwrap().to_owned();
    let body = json!({ "metadata": { "lead_channel": source }, "lead": { "email": "late@example.com" } }).to_string();
    let (first, rest) = body.split_at(10);
    let mut begun = server.connect();
    // The head is there and part of the body: a request that has begun.
    let head = format!(
        "POST /rechat/leads HTTP/1.1\r\nhost: t\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    begun.send(head.as_bytes()).unwrap();
    // It asks for the rest: from here on the server knows of it.
    assert_eq!(begun.answer().unwrap().status, 100);
    begun.send(first.as_bytes()).unwrap();
    let mut idle = server.connect();
    assert_eq!(idle.ask("GET", "/livez", &[], None).unwrap().status, 200);

    server.signal("TERM");
    assert!(idle.closes(), "an idle connection is closed");
    begun.send(rest.as_bytes()).unwrap();
    let answer = begun.answer().unwrap();
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    assert!(server.wait().success());

    let server = Server::start(dir.path(), &[]);
    let found = server.ask("POST", "/closebot/lead/search", &key, Some(&json!({ "search": "late@example.com" }))).ok();
    assert_eq!(found["total"], 1);
    server.stop();
}

#[test]
fn a_slow_head_is_closed_and_others_are_served_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &["--header-timeout", "300ms", "--idle-timeout", "30s"]);
    let mut silent = server.connect();
    let mut slow = server.connect();
    slow.send(b"GET /livez HTTP/1.1\r\nhost: ").unwrap();
    let mut patient = server.connect();
    assert_eq!(patient.ask("GET", "/livez", &[], None).unwrap().status, 200);
    assert!(silent.closes());
    assert!(slow.closes());
    // A connection kept alive is under the longer time, not the one of heads.
    assert_eq!(patient.ask("GET", "/livez", &[], None).unwrap().status, 200);
    server.stop();
}

#[test]
fn an_idle_connection_is_closed() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &["--idle-timeout", "300ms"]);
    let mut idle = server.connect();
    assert_eq!(idle.ask("GET", "/livez", &[], None).unwrap().status, 200);
    assert!(idle.closes());
    server.stop();
}

#[test]
fn beyond_the_cap_a_connection_waits_for_a_place() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &["--max-connections", "2"]);
    let mut both = [server.connect(), server.connect()];
    for it in &mut both {
        assert_eq!(it.ask("GET", "/livez", &[], None).unwrap().status, 200);
    }
    // The third is taken by the kernel, not by the server: nothing answers until a place is free.
    let mut third = server.connect();
    third.send(b"GET /livez HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n").unwrap();
    let [first, second] = &mut both;
    assert_eq!(first.ask("GET", "/livez", &[], None).unwrap().status, 200);
    assert!(!third.has_answer(), "the third was served beyond the cap");
    assert_eq!(second.ask("GET", "/livez", &[("connection", "close")], None).unwrap().status, 200);
    assert_eq!(third.answer().unwrap().status, 200);
    server.stop();
}

#[test]
fn the_demo_refuses_strangers_and_shows_one_lead_on_every_surface() {
    let (good, _, error) = output(leadwire().args(["demo", "--listen", "0.0.0.0:0"]));
    assert!(!good && error.contains("--allow-remote"), "{error}");

    let mut command = leadwire();
    command.args(["demo", "--listen", "127.0.0.1:0", "--leads", "60"]);
    let server = Server::spawn_demo(command);
    let calls: Vec<&str> = server.greeting.lines().filter(|it| it.trim_start().starts_with("curl ")).collect();
    assert_eq!(calls.len(), 4, "{}", server.greeting);
    let mut answers = Vec::new();
    for call in calls {
        let out = crate::wire::curl(call);
        answers.push(serde_json::from_slice::<serde_json::Value>(&out).unwrap_or_else(|error| panic!("{call}: {error}")));
    }
    let [rechat, closebot, thread, routing] = answers.as_slice() else { unreachable!() };
    let lead = &rechat["data"];
    assert_eq!(closebot["total"], 1, "{closebot}");
    assert_eq!(closebot["leads"][0]["contactId"], lead["contact"]);
    assert_eq!(thread["contact"]["id"], lead["contact"]);
    assert_eq!(thread["id"], closebot["leads"][0]["id"]);
    assert!(routing.to_string().contains(lead["id"].as_str().unwrap()));
    server.stop();
}
