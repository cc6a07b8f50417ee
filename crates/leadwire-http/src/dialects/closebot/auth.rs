//! CloseBot's credential in its three spellings: `X-CB-KEY: <key>` of the reference, `Authorization: Key <key>` of the
//! help pages, and `Authorization: Bearer <key>` of older clients.

use http::HeaderMap;
use leadwire_core::who::Who;

use crate::App;
use crate::kit::{Call, No, auth};

pub(super) fn caller(app: &App, call: &Call, headers: &HeaderMap) -> Result<Who, No> {
    let presented =
        auth::header(headers, "x-cb-key").or_else(|| auth::authorization(headers, "Key")).or_else(|| auth::authorization(headers, "Bearer"));
    auth::caller(app, call, presented)
}
