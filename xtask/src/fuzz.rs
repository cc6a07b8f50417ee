//! Schemathesis over each surface, against what the surface's own document promises: every phase, every check.
//!
//! What a check may not hold against us stands in `xtask/python/schemathesis.toml`, with its reason, and nowhere else.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::http::Client;
use crate::out::say;
use crate::serve::{self, Fixture, How, Server};
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
    let config = configuration(&mut server.client()?, &scratch)?;
    let base = format!("http://{}{}", server.address, it.prefix);
    let mut st = sh::command(bin.join("st"));
    st.args(["--no-color", "--config-file"]).arg(config);
    st.args(["run", &format!("{base}/openapi.json"), "--url", &base, "--header", &format!("{}{key}", it.header)]);
    st.args(["--checks", "all", "--phases", "examples,coverage,fuzzing,stateful", "--continue-on-failure", "--request-timeout", "20"]);
    // The short form finds the same every time; the long one looks elsewhere each time and prints its seed.
    if ctx.long {
        st.args(["--max-examples", "200"]);
    } else {
        st.args(["--max-examples", "15", "--seed", "1"]);
    }
    // Its record of failures is kept out of the sources.
    st.current_dir(&scratch);
    let mut complaints = Vec::new();
    if !sh::succeeds(&mut st)? {
        complaints.push("it found something; see above".to_owned());
    }
    if !server.runs()? {
        complaints.push(format!("the server ended: {}", server.last_words()));
        return Ok(complaints);
    }
    if server.log().contains("panicked") {
        complaints.push(format!("something panicked: {}", server.last_words()));
    }
    server.stop()?;
    say!("  the server of {} still ran and stopped when asked", it.name);
    Ok(complaints)
}

/// The committed configuration, and the ids of one thing of each kind, so that operations get past "not found" half of
/// the time.
fn configuration(client: &mut Client, scratch: &Path) -> Result<PathBuf> {
    let mut text = std::fs::read_to_string(sh::root().join("xtask/python/schemathesis.toml"))?;
    let fixture = things(client)?;
    text.push_str(&known("brand", r"\{brand\}", "path.brand", &fixture.brand));
    text.push_str(&known("channel", r"/channels/\{(id|lead_channel)\}", "path.id", &fixture.channel));
    text.push_str(&known("token", r"/channels/\{lead_channel\}", "path.lead_channel", &fixture.channel));
    text.push_str(&known("source", r"^/v1/sources/\{source\}", "path.source", &fixture.channel));
    // Not the key in use, which a change might lock out.
    let key = client.post("/v1/keys", &json!({"name": "Spare", "brand": fixture.brand}))?.good()?.json()?;
    text.push_str(&known("keys", r"^/v1/keys/\{id\}", "path.id", &serve::first_id(&key).context("a key without an id")?));
    for kind in ["bots", "brands", "contacts", "conversations", "flows", "groups", "leads", "messages", "offers", "personas", "sources", "users"] {
        // Not every kind has a list, or anything in it.
        let Ok(page) = client.get(&format!("/v1/{kind}"))?.good() else { continue };
        if let Some(id) = serve::first_id(&page.json()?) {
            text.push_str(&known(kind, &format!(r"^/v1/{kind}/\{{id\}}"), "path.id", &id));
        }
    }
    let path = scratch.join("schemathesis.toml");
    std::fs::write(&path, text)?;
    Ok(path)
}

/// Has a parameter take an id that exists, half of the time. Not for DELETE, or the id would soon name nothing.
fn known(name: &str, paths: &str, parameter: &str, id: &str) -> String {
    format!(
        "\n[dictionaries.{name}]\nvalues = [\"{id}\"]\n\n[[operations]]\ninclude-path-regex = '{paths}'\nexclude-method = \"DELETE\"\n\
         parameters = {{ \"{parameter}\" = {{ dictionary = \"{name}\", probability = 0.5 }} }}\n"
    )
}

/// One thing of each kind that can be made by itself, and a lead.
fn things(client: &mut Client) -> Result<Fixture> {
    let fixture = serve::fixture(client)?;
    let brand = &fixture.brand;
    let mut make = |path: &str, body: Value| -> Result<Value> { client.post(path, &body)?.good().with_context(|| path.to_owned())?.json() };
    let user =
        json!({"memberships": [{"brand": brand, "role": "agent"}], "first_name": "Grace", "last_name": "Hopper", "email": "grace@example.com"});
    let user = serve::first_id(&make("/v1/users", user)?).context("a user without an id")?;
    make("/v1/flows", json!({"brand": brand, "name": "Welcome"}))?;
    make("/v1/personas", json!({"brand": brand, "name": "Sam"}))?;
    make("/v1/bots", json!({"brand": brand, "name": "Helper", "owner": user}))?;
    let member = json!({"user": user, "order": 1, "brand": brand});
    make("/v1/groups", json!({"brand": brand, "name": "Everybody", "distribution": "round_robin", "members": [member]}))?;
    let lead = json!({"first_name": "Ada", "email": "ada@example.com", "phone_number": "+12025550143", "note": "Two rooms"});
    make("/leads", json!({"metadata": {"lead_channel": fixture.channel}, "lead": lead}))?;
    Ok(fixture)
}
