//! The server, whole: in process where that shows it, as a process where only that does.
//!
//! One binary for all of it: every further one would link everything once more.

// Says of the helpers too that they are tests, which may stop at once and loudly.
#![cfg(test)]

mod authorisation;
mod bad_input;
mod closebot;
mod disk_full;
mod documents;
mod harness;
mod kill;
mod overload;
mod pages;
mod process;
mod rechat;
mod rechat_capture;
mod spine;
mod wire;

#[test]
fn no_file_here_is_forgotten() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let main = std::fs::read_to_string(dir.join("main.rs")).unwrap();
    let mut seen = 0;
    for file in std::fs::read_dir(dir).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        if let Some(module) = name.strip_suffix(".rs").filter(|it| *it != "main") {
            assert!(main.lines().any(|it| it == format!("mod {module};")), "{name} is no module of main.rs: its tests never run");
            seen += 1;
        }
    }
    assert!(seen > 0);
}
