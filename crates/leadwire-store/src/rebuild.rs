//! Building the index from the tables, in one snapshot with the feed's position. Reading and indexing run side by
//! side, and no more than a few documents are held at a time.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use leadwire_core::id::AgencyId;
use leadwire_core::port::Fault;
use leadwire_core::search::{Document, columns_of};
use leadwire_core::text::fields_of;

use crate::driver::Whole;
use crate::shared::Shared;

/// Documents handed over at once, and how many such batches wait.
const BATCH: usize = 256;
const BATCHES: usize = 4;

/// Every agency.
pub(crate) fn all(shared: &Arc<Shared>) -> Result<(), Fault> {
    let agencies: Vec<AgencyId> = shared.locals.read().keys().copied().collect();
    for it in agencies {
        agency(shared, it)?;
    }
    Ok(())
}

/// One agency. The committer must stand still meanwhile, or not have begun.
pub(crate) fn agency(shared: &Arc<Shared>, agency: AgencyId) -> Result<(), Fault> {
    let Some(local) = shared.local(agency) else { return Ok(()) };
    let mut loader = shared.index.rebuild(agency);
    let (send, receive) = sync_channel::<Vec<(Document, Vec<Box<str>>)>>(BATCHES);
    let position = std::thread::scope(|scope| {
        let reading = scope.spawn(move || {
            let mut batch = Vec::with_capacity(BATCH);
            let gone = |_| Fault::Unavailable("the index takes no documents".to_owned());
            let position = shared.reader.documents(local, &mut |Whole { conversation, contact, texts }| {
                let document = Document { columns: columns_of(&conversation, &contact), fields: fields_of(&contact) };
                batch.push((document, texts));
                if batch.len() == BATCH {
                    send.send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH))).map_err(gone)?;
                }
                Ok(())
            })?;
            send.send(batch).map_err(gone)?;
            Ok(position)
        });
        for batch in receive {
            for (document, texts) in batch {
                loader.add(&document, &mut texts.iter().map(AsRef::as_ref));
            }
        }
        reading.join().unwrap_or_else(|_| Err(Fault::Unavailable("the reading thread panicked".to_owned())))
    })?;
    loader.finish(position);
    Ok(())
}
