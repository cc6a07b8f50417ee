//! Opens the store broken on purpose, as `LEADWIRE_FAULT` says. Exists only with the feature `fault-injection`, for the
//! proofs of durability, which must be shown to fail.

use std::sync::Arc;

use leadwire_store::{OpenError, Options, Store};

/// `sync-off`: nothing is synced. `answer-early`: a group is answered before it is committed. Else: as it should be.
pub fn open(mut options: Options) -> Result<Arc<Store>, OpenError> {
    #[expect(clippy::disallowed_methods, reason = "not a setting: no release knows it, and no help shows it")]
    let fault = std::env::var("LEADWIRE_FAULT").unwrap_or_default();
    match fault.as_str() {
        "sync-off" => {
            options.durable = false;
            leadwire_store::open(options)
        }
        "answer-early" => leadwire_store::open_answering_early(options),
        _ => leadwire_store::open(options),
    }
}
