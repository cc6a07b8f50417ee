//! Rechat's credential, `Authorization: Bearer <key>`, and the acting brand, `X-RECHAT-BRAND`.
//!
//! Where a path names a brand the header is not needed; when both are there they must be the same.

use std::sync::Arc;

use http::HeaderMap;
use http::header::{AUTHORIZATION, ORIGIN};
use leadwire_core::command::capture;
use leadwire_core::config::Config;
use leadwire_core::id::{BrandId, SourceId};
use leadwire_core::refusal::{Forbidden, Refusal, Thing};
use leadwire_core::who::Who;

use crate::App;
use crate::kit::{Call, No, auth};

const ACTING_BRAND: &str = "x-rechat-brand";

/// Who calls, and the brand of the path.
pub(super) fn caller(app: &App, call: &Call, headers: &HeaderMap, brand: &str) -> Result<(Who, BrandId), No> {
    let who = auth::caller(app, call, auth::authorization(headers, "Bearer"))?;
    if headers.get(ACTING_BRAND).is_some_and(|it| !it.as_bytes().eq_ignore_ascii_case(brand.as_bytes())) {
        return Err(Refusal::Forbidden(Forbidden::OtherBrand).into());
    }
    Ok((who, id(brand, Thing::Brand)?))
}

/// An id of a path. Text that is none names nothing.
pub(super) fn id<I: std::str::FromStr>(text: &str, of: Thing) -> Result<I, No> {
    text.parse().map_err(|_| No::Refused(Refusal::NotFound(of)))
}

/// A capture that may happen.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) who: Who,
    pub(super) source: SourceId,
    pub(super) origin: Option<String>,
}

/// Who captures on the channel of this id or token: the owner of a key, or nobody in particular. All that can be
/// refused without the lead is refused here; the use-case decides again.
pub(super) fn capturer(app: &App, call: &Call, headers: &HeaderMap, channel: &str) -> Result<Admitted, No> {
    let by_key = if headers.contains_key(AUTHORIZATION) { Some(auth::caller(app, call, auth::authorization(headers, "Bearer"))?) } else { None };
    let no_channel = || No::Refused(Refusal::NotFound(Thing::Source));
    let directory = app.store.directory();
    let now = app.store.now();
    let by_id = channel.parse::<SourceId>().ok().and_then(|id| directory.agency_of_source(id).map(|agency| (agency, id)));
    let (agency, source) = by_id.or_else(|| directory.source_by_token(channel, now)).ok_or_else(no_channel)?;
    let who = by_key.unwrap_or(Who::Keyless { agency, source });
    if who.agency() != agency {
        return Err(no_channel());
    }
    let config: &Arc<Config> = directory.agency(agency).ok_or_else(no_channel)?;
    let row = config.source(source).ok_or_else(no_channel)?;
    let origin = headers.get(ORIGIN).map(|it| String::from_utf8_lossy(it.as_bytes()).into_owned());
    capture::admit(&who, config, row, origin.as_deref(), now)?;
    match who {
        Who::Keyless { .. } => auth::keyless(app, call, row)?,
        Who::Key { .. } | Who::System { .. } => acts_for(headers, config, row.brand)?,
    }
    Ok(Admitted { who, source, origin })
}

/// The acting brand, if one is named, must hold the brand acted on.
fn acts_for(headers: &HeaderMap, config: &Config, brand: BrandId) -> Result<(), No> {
    let Some(named) = headers.get(ACTING_BRAND) else { return Ok(()) };
    let acting: Option<BrandId> = named.to_str().ok().and_then(|it| it.trim().parse().ok());
    if acting.is_some_and(|it| config.subtree(it).contains(&brand)) { Ok(()) } else { Err(Refusal::Forbidden(Forbidden::OtherBrand).into()) }
}
