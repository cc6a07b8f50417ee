//! From a presented key to who asks. Each surface finds the key in its own headers; the rest is here.
//!
//! Decides only that the key is known and in force; what it may is decided in the use-cases. Never logs a key.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use leadwire_core::config::Config;
use leadwire_core::entity::Source;
use leadwire_core::refusal::Refusal;
use leadwire_core::secret;
use leadwire_core::who::Who;

use super::limit::Policy;
use super::{Call, No};
use crate::App;

/// The credential after `scheme` in `Authorization`, the scheme in any case.
pub fn authorization<'h>(headers: &'h HeaderMap, scheme: &str) -> Option<&'h str> {
    let text = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (found, rest) = text.trim().split_once(' ')?;
    found.eq_ignore_ascii_case(scheme).then(|| rest.trim()).filter(|it| !it.is_empty())
}

/// The value of a header that holds nothing but a key.
pub fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim).filter(|it| !it.is_empty())
}

/// Who presents this key. `None` when it is unknown or no longer in force.
pub fn authenticate(app: &App, presented: &str) -> Option<Who> {
    let directory = app.store.directory();
    let (agency, key) = directory.key(&secret::hash(presented))?;
    let row = directory.agency(agency)?.key(key)?;
    row.expires_at.is_none_or(|at| app.store.now() < at).then_some(Who::Key { agency, key })
}

/// Who calls, with their limit counted: 401 without a good key, 429 when they asked too often.
pub fn caller(app: &App, call: &Call, presented: Option<&str>) -> Result<Who, No> {
    let who = presented.and_then(|it| authenticate(app, it)).ok_or(No::Refused(Refusal::Unauthorized))?;
    if let (Who::Key { key, .. }, Some(policy)) = (who, app.limits.rate) {
        let standing = app.buckets.keys.take(key, policy, app.micros());
        call.stands(standing);
        if let Some(retry_after_secs) = standing.retry_after_secs {
            return Err(No::TooMany { retry_after_secs });
        }
    }
    Ok(who)
}

/// Counts a keyless capture against the source's limits: per address and minute, and in all per second.
pub fn keyless(app: &App, call: &Call, source: &Source) -> Result<(), No> {
    let now = app.micros();
    let address = call.peer().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let capture = &source.capture;
    let by_address = Policy { requests: capture.per_minute_per_address, window_secs: 60 };
    let in_all = Policy { requests: capture.per_second, window_secs: 1 };
    let first = app.buckets.addresses.take((source.id, network(address)), by_address, now);
    call.stands(first);
    let wait = first.retry_after_secs.or_else(|| app.buckets.sources.take(source.id, in_all, now).retry_after_secs);
    match wait {
        Some(retry_after_secs) => Err(No::TooMany { retry_after_secs }),
        None => Ok(()),
    }
}

/// One subscriber holds a /64 of IPv6: an address beyond it tells nobody apart.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(it) if it.to_ipv4_mapped().is_none() => {
            let [a, b, c, d, ..] = it.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        it => it.to_canonical(),
    }
}

/// The configuration of the asker's agency at this moment.
pub fn config(app: &App, who: &Who) -> Result<Arc<Config>, No> {
    app.store.directory().agency(who.agency()).cloned().ok_or(No::Refused(Refusal::Unauthorized))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_behind_its_scheme_in_any_case() {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, "bearer  lw_x ".parse().unwrap());
        assert_eq!(authorization(&headers, "Bearer"), Some("lw_x"));
        assert_eq!(authorization(&headers, "Key"), None);
        headers.insert("x-cb-key", " lw_y ".parse().unwrap());
        assert_eq!(header(&headers, "X-CB-KEY"), Some("lw_y"));
        assert_eq!(header(&headers, "x-other"), None);
    }

    #[test]
    fn addresses_of_one_subscriber_are_one() {
        let ip = |it: &str| it.parse::<IpAddr>().unwrap();
        assert_eq!(network(ip("2001:db8::1")), network(ip("2001:db8:0:0:ff::2")));
        assert_ne!(network(ip("2001:db8::1")), network(ip("2001:db8:0:1::1")));
        assert_eq!(network(ip("::ffff:10.0.0.1")), ip("10.0.0.1"));
    }
}
