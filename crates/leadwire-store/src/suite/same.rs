//! The store and the core's world in memory give the same answers to the same commands.

use leadwire_core::entity::{DeadLetter, RawBody};
use leadwire_core::id::SourceId;
use leadwire_core::port::{Command, Entity as _, Failure, Halt, Store, Sweep, Tx};
use leadwire_core::refusal::Refusal;
use leadwire_core::testing::{World, block_on};
use leadwire_core::who::Who;

use super::Bed;
use super::bed::{Engine, a_brand, a_contact, a_conversation, a_message, agency, count, person, uuid};
use crate::row::arb::Source;

/// One step of a random history. It draws no ids, so that two stores can be compared.
#[derive(Clone, Copy, Debug)]
struct Step {
    what: u64,
    who: u64,
    n: u64,
}

impl Command for Step {
    type Outcome = (u64, usize, Option<u64>);

    fn run(&self, _: &Who, tx: &mut Tx<'_>) -> Result<Self::Outcome, Halt> {
        let (contact, conversation) = person(self.who);
        let source = SourceId(uuid(self.who));
        let known = tx.get::<leadwire_core::entity::Contact>(&contact)?;
        let thread = tx.get::<leadwire_core::entity::Conversation>(&conversation)?;
        let mut version = None;
        match self.what {
            0..=2 => {
                let mut row = a_contact(contact, conversation, &format!("N{}", self.n), tx.now);
                row.conversation = Some(conversation);
                version = Some(tx.put(row).version);
                tx.put(a_conversation(conversation, contact, tx.now));
            }
            3..=5 if thread.is_some() => {
                let id = leadwire_core::id::MessageId(uuid(10_000 + self.n));
                tx.get::<leadwire_core::entity::Message>(&id)?;
                tx.put(a_message(id, conversation, tx.now, "hello"));
                let mut row = thread.as_deref().cloned().ok_or(Refusal::OfferGone)?;
                row.unread_count += 1;
                version = Some(tx.put(row).version);
            }
            6 if thread.is_some() => {
                tx.delete::<leadwire_core::entity::Conversation>(&conversation);
                tx.sweep(Sweep::Messages(conversation));
                if let Some(known) = &known {
                    tx.put(leadwire_core::entity::Contact { conversation: None, ..(**known).clone() });
                }
            }
            7 => {
                let id = leadwire_core::id::BrandId(uuid(self.who));
                tx.get::<leadwire_core::entity::Brand>(&id)?;
                version = Some(tx.put(a_brand(id, &format!("B{}", self.n), tx.now)).version);
            }
            8 => {
                let id = leadwire_core::id::DeadLetterId(uuid(50_000 + self.n));
                let raw = RawBody { content_type: "text/plain".into(), bytes: vec![1; 10].into() };
                tx.put(DeadLetter { id, at: tx.now, source, error: String::new(), raw });
                tx.sweep(Sweep::DeadLetters { keep: 5, bytes: 1000 });
            }
            9 => return Err(Refusal::OfferGone.into()),
            _ => {
                tx.lead_number();
                count(source)(tx)?;
            }
        }
        Ok((tx.lead_number(), tx.config.brands().count(), version))
    }
}

type Ended = Vec<Result<(u64, usize, Option<u64>), Failure>>;

pub(super) fn a_random_history_has_the_same_outcome_in_memory_and_in_the_engine(engine: &dyn Engine) {
    for seed in 0..4 {
        let agency = agency(100 + seed);
        let mut chance = Source::new(seed);
        let steps: Vec<Step> = (0..400).map(|n| Step { what: chance.below(12), who: chance.below(12), n }).collect();

        let world = World::new(seed);
        world.set_now(leadwire_core::Time::from_millis(super::bed::NOON));
        let expected: Ended = steps.iter().map(|it| world.write(Who::System { agency }, *it)).collect();

        let bed = Bed::new(engine);
        let mut ended: Ended = Vec::new();
        for run in steps.chunks(64) {
            let started = bed.as_one_group(|| {
                run.iter()
                    .map(|it| {
                        let it = *it;
                        bed.start(agency, move |tx| it.run(&Who::System { agency }, tx))
                    })
                    .collect::<Vec<_>>()
            });
            ended.extend(started.into_iter().map(super::bed::Started::end));
        }
        assert_eq!(ended, expected);
        let bed = bed.reopen();

        let store: &dyn Store = bed.port();
        for who in 0..12 {
            let (contact, conversation) = person(who);
            let keys = [
                leadwire_core::entity::Contact::erase_key(&contact),
                leadwire_core::entity::Conversation::erase_key(&conversation),
                leadwire_core::entity::SourceCount::erase_key(&SourceId(uuid(who))),
                leadwire_core::entity::Brand::erase_key(&leadwire_core::id::BrandId(uuid(who))),
            ];
            assert_eq!(block_on(store.load(agency, &keys)), block_on(world.load(agency, &keys)));
            assert_eq!(block_on(store.messages(agency, conversation, None, 1000)), block_on(world.messages(agency, conversation, None, 1000)));
        }
        assert_eq!(block_on(store.dead_letters(agency, None, 100)), block_on(world.dead_letters(agency, None, 100)));
        let (mine, theirs) = (bed.feed(agency), world.units(agency));
        assert_eq!(mine.len(), theirs.len());
        for (mine, theirs) in mine.iter().zip(&theirs) {
            assert_eq!((mine.position, mine.at, &mine.events, &mine.documents), (theirs.position, theirs.at, &theirs.events, &theirs.documents));
        }
        bed.store.close();
    }
}
