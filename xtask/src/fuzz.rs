//! Schemathesis over each surface, against what the surface's own document promises: every phase, every check.
//!
//! What a check may not hold against us stands in `xtask/python/schemathesis.toml`, with its reason, and nowhere else.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;

use crate::out::say;
use crate::serve::{self, How, Server};
use crate::setup;
use crate::sh;
use crate::{Ctx, Tally};

/// Where a surface is found and how its key is shown.
struct Surface {
    name: &'static str,
    prefix: &'static str,
    header: &'static str,
}

const SURFACES: &[Surface] = &[
    Surface { name: "v1", prefix: "", header: "Authorization: Bearer " },
    Surface { name: "rechat", prefix: "/rechat", header: "Authorization: Bearer " },
    Surface { name: "closebot", prefix: "/closebot", header: "X-CB-KEY: " },
];

pub(crate) fn run(ctx: &Ctx) -> Result<Tally> {
    let mut total = Tally::of("every dialect is fuzzed", &unknown()?);
    let bin = setup::python()?;
    let binary = serve::build(true)?;
    for it in SURFACES {
        let complaints = match surface(ctx, &bin, &binary, it) {
            Ok(complaints) => complaints,
            Err(error) => vec![format!("{error:#}")],
        };
        total.add(Tally::of(&format!("schemathesis on {}", it.name), &complaints));
    }
    Ok(total)
}

/// A dialect's folder that the list above does not know.
fn unknown() -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for entry in std::fs::read_dir(sh::root().join("crates/leadwire-http/src/dialects"))? {
        let entry = entry?;
        let name = entry.file_name();
        if entry.file_type()?.is_dir() && !SURFACES.iter().any(|it| name == it.name) {
            complaints.push(format!("{} stands not in xtask/src/fuzz.rs", name.display()));
        }
    }
    Ok(complaints)
}

fn surface(ctx: &Ctx, bin: &Path, binary: &Path, it: &Surface) -> Result<Vec<String>> {
    let scratch = sh::scratch(&format!("fuzz-{}", it.name))?;
    let data = scratch.join("data");
    std::fs::create_dir_all(&data)?;
    let key = serve::new_key(binary)?;
    // A server for each surface: what one leaves behind must not decide what another finds.
    let mut server = Server::start(&How { binary, data: &data, key: &key, env: &[] })?;
    let mut client = server.client()?;
    let fixture = serve::fixture(&mut client)?;
    let lead = json!({"first_name": "Ada", "email": "ada@example.com", "phone_number": "+12025550143", "note": "Two rooms"});
    client.post("/leads", &json!({"metadata": {"lead_channel": fixture.channel}, "lead": lead}))?.good().context("the fixture's lead")?;

    let base = format!("http://{}{}", server.address, it.prefix);
    let mut st = sh::command(bin.join("st"));
    st.args(["--no-color", "--config-file"]).arg(sh::root().join("xtask/python/schemathesis.toml"));
    st.args(["run", &format!("{base}/openapi.json"), "--url", &base, "--header", &format!("{}{key}", it.header)]);
    st.args(["--checks", "all", "--phases", "examples,coverage,fuzzing,stateful", "--continue-on-failure", "--request-timeout", "20"]);
    // The short form finds the same every time; the long one looks elsewhere each time and prints its seed.
    if ctx.long {
        st.args(["--max-examples", "200"]);
    } else {
        st.args(["--max-examples", "15", "--seed", "1"]);
    }
    st.env("BRAND", &fixture.brand).env("CHANNEL", &fixture.channel).current_dir(&scratch);
    let mut complaints = Vec::new();
    if !sh::succeeds(&mut st)? {
        complaints.push("it found something; see above".to_owned());
    }
    if !server.runs()? {
        complaints.push(format!("the server ended: {}", server.last_words()));
        return Ok(complaints);
    }
    if server.log().contains("panicked at") {
        complaints.push(format!("something panicked: {}", server.last_words()));
    }
    server.stop()?;
    say!("  the server of {} still ran and stopped when asked", it.name);
    Ok(complaints)
}
