//! Finds leads.

use std::collections::HashMap;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use http::{HeaderMap, HeaderName};
use leadwire_core::read;
use leadwire_core::refusal::{Refusal, Violation};
use leadwire_core::search::Query;
use serde_json::value::RawValue;

use super::error::Error;
use super::{auth, map, wire};
use crate::App;
use crate::kit::{Call, No, body};

/// Asks for the live service's refusal of a body without `sourceIds`, `channels`, `botIds` or `personaIds`.
const STRICT: HeaderName = HeaderName::from_static("x-leadwire-closebot-strict");
/// Asks for the bare list of leads that older clients expect.
const LEGACY: HeaderName = HeaderName::from_static("x-leadwire-closebot-legacy");

/// Search leads
#[utoipa::path(
    post,
    path = "/lead/search",
    tag = "Lead",
    security(("X-CB-KEY" = []), ("Authorization" = [])),
    params(
        ("X-Leadwire-CloseBot-Strict" = Option<String>, Header, description = "Not the vendor's: with `1`, a body without `sourceIds`, `channels`, `botIds` or `personaIds` is refused, as the live service does"),
        ("X-Leadwire-CloseBot-Legacy" = Option<String>, Header, description = "Not the vendor's: with `1`, the answer is the bare list of leads, as it was of old"),
    ),
    request_body = wire::SearchQueryInput,
    responses((status = 200, description = "The leads", body = wire::SearchAnswer)),
)]
pub(super) async fn search_leads(State(app): State<App>, call: Call, headers: HeaderMap, body: Body) -> Result<Json<wire::SearchAnswer>, Error> {
    let who = auth::caller(&app, &call, &headers)?;
    let (input, bytes): (wire::SearchQueryInput, _) = body::json_with_bytes(&headers, body, app.limits.body_bytes).await?;
    if is_on(&headers, &STRICT) {
        complete(&bytes)?;
    }
    let asker = read::asker(app.store.as_ref(), who)?;
    let mut query = Query::new(asker.scope(), asker.now, 0);
    map::ask(&input, &asker.config, &mut query)?;
    let asked = query.sources.clone();
    let found = read::conversations::search(app.store.as_ref(), app.index.as_ref(), &asker, query).await?;
    let leads = found.rows.iter().map(|it| map::lead(&it.row.conversation, &it.row.contact, asked.as_deref(), &asker.config)).collect();
    let answer = if is_on(&headers, &LEGACY) {
        wire::SearchAnswer::Bare(leads)
    } else {
        wire::SearchAnswer::Result(wire::SearchResult { leads, total: found.total })
    };
    Ok(Json(answer))
}

fn is_on(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers.get(name).is_some_and(|it| it == "1")
}

/// Whether every member the live service wants is there, be it null.
fn complete(body: &[u8]) -> Result<(), No> {
    let members: HashMap<String, Box<RawValue>> = body::parse(body)?;
    let missing: Vec<&str> = map::STRICT.into_iter().filter(|it| !members.contains_key(*it)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let wrong = missing.iter().map(|it| Violation::new(format!("/{it}"), "is required"));
    Err(Refusal::Invalid(wrong.collect()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strict_form_names_every_member_that_is_not_there() {
        assert!(complete(br#"{"sourceIds":[],"channels":null,"botIds":[],"personaIds":[]}"#).is_ok());
        let No::Refused(Refusal::Invalid(wrong)) = complete(br#"{"channels":[],"search":"x"}"#).unwrap_err() else { panic!("not invalid") };
        let at: Vec<&str> = wrong.iter().map(|it| it.at.as_str()).collect();
        assert_eq!(at, ["/sourceIds", "/botIds", "/personaIds"]);
    }
}
