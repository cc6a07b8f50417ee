//! Captures a lead: who it is, what was said, who gets it and why, in one unit of work.
//!
//! Whatever could be read is accepted; what could not is in the raw body, which is kept whole.

use std::sync::Arc;

use super::idempotent::{KEEP_SECS, digest};
use super::known::{self, Arrival, KeysRead};
use super::thread;
use crate::Time;
use crate::config::Config;
use crate::entity::{
    Address, CaptureMode, CapturedBefore, Cause, Contact, Conversation, Decision, Direction, FieldValue, Lead, Message, MessageType, Offer,
    OfferState, Outcome, ROUTED_MAX, RawBody, Receipt, ReceiptKey, Source, SourceCount, Stored, Turns,
};
use crate::feed::Event;
use crate::id::{BotId, LeadId, SourceId};
use crate::limits::{LIST_LEN_MAX, MESSAGE_BYTES_MAX, NAME_BYTES_MAX};
use crate::port::{Command, Halt, Tx};
use crate::refusal::{Forbidden, Refusal, Thing};
use crate::routing::{self, Assignee, ENGINE, Facts, FactsInput, Field, Request};
use crate::who::Who;

/// An inquiry, as a surface understood it. Texts as typed; none of them must hold NUL.
#[derive(Clone, Debug, Default)]
pub struct Inquiry {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub company: Option<String>,
    pub emails: Vec<String>,
    pub phones: Vec<String>,
    pub addresses: Vec<Address>,
    pub tags: Vec<String>,
    pub fields: Vec<FieldValue>,
    /// What the person wrote.
    pub note: Option<String>,
    /// What the person asked about, in a line: shown when there is no note.
    pub about: Option<String>,
    pub source_type: Option<String>,
    pub lead_source: Option<String>,
    pub timezone: Option<String>,
    /// The source's own id for the person.
    pub contact_id: Option<String>,
    /// People named to get it.
    pub assignees: Vec<Assignee>,
    /// Facts only the surface can read: listing, price, place, referrer …
    pub facts: FactsInput,
    /// Left as it is by whoever makes one.
    pub keys: KeysRead,
}

/// What makes two captures the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sameness {
    /// The caller sent a key of its own; see [`super::idempotent`].
    Header,
    /// The format carries an id.
    Natural(String),
    /// The same payload on the same source within the source's span.
    Fingerprint,
}

#[derive(Clone, Debug)]
pub struct Capture {
    pub source: SourceId,
    pub inquiry: Inquiry,
    pub raw: RawBody,
    /// The part that was understood, as JSON text; `None` when it is the raw body itself.
    pub parsed: Option<Arc<str>>,
    /// The bot that captured it.
    pub bot: Option<BotId>,
    pub sameness: Sameness,
    /// Where a browser says it stands; checked for a keyless capture.
    pub origin: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Captured {
    pub lead: Arc<Lead>,
    /// True: an earlier capture's lead, nothing was done.
    pub replayed: bool,
}

impl Command for Capture {
    type Outcome = Captured;

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<Captured, Halt> {
        let config = Arc::clone(&tx.config);
        let source = config.source(self.source).ok_or(Refusal::NotFound(Thing::Source))?;
        admit(who, &config, source, self.origin.as_deref(), tx.now)?;
        let keyless = matches!(who, Who::Keyless { .. });

        let seen = |it: BotId| config.bot(it).is_some_and(|bot| config.subtree(bot.brand).contains(&source.brand));
        if !self.bot.is_none_or(seen) {
            return Err(Refusal::invalid("/bot", "no such bot").into());
        }

        // Ask for everything that can be asked for now, to save passes.
        let arrival = Arrival::new(&self.inquiry, source, &config, keyless);
        let receipts = self.receipt_keys();
        arrival.want(tx);
        tx.want::<SourceCount>(&source.id);
        for group in config.rules(source.id).into_iter().flat_map(|it| it.set.groups()) {
            tx.want::<Turns>(&group);
        }
        let mut duplicate_of = None;
        if let Some(keys) = &receipts {
            match self.same(tx, keys)? {
                Same::No => {}
                Same::Replay(lead) => {
                    let lead = tx.get::<Lead>(&lead)?.ok_or(Refusal::NotFound(Thing::Lead))?;
                    return Ok(Captured { lead, replayed: true });
                }
                Same::OtherPayload(lead) => duplicate_of = Some(lead),
            }
        }

        let known = known::find(tx, &arrival)?;
        let fingerprint = self.fingerprint().filter(|_| source.capture.fingerprint_secs > 0);
        if let (Some(payload), Some(contact)) = (&fingerprint, &known)
            && let Some(lead) = repeated(tx, contact, payload)?
        {
            return Ok(Captured { lead, replayed: true });
        }
        let returning = known.is_some();
        let contact_tags = known.as_ref().map(|it| it.tags.clone()).unwrap_or_default();
        let (contact, mut conversation) = known::update(tx, &arrival, known)?;
        thread::fire_due(tx, &mut conversation)?;

        let now = tx.now;
        let id: LeadId = tx.id();
        let mut bots: Vec<BotId> = self.bot.into_iter().collect();
        bots.extend(config.bots_attached(source.id).iter().filter(|it| Some(**it) != self.bot));
        let number = tx.lead_number();
        let lead = tx.put(Lead {
            id,
            number,
            created_at: now,
            source: source.id,
            contact: contact.id,
            conversation: conversation.id,
            previous: conversation.lead.or(contact.last_lead),
            bots,
            source_type: clipped(self.inquiry.source_type.as_deref()),
            raw: self.raw.clone(),
            parsed: self.parsed.clone(),
            duplicate_of,
            keyless,
        });
        tx.event(Event::LeadCaptured {
            lead: id,
            source: source.id,
            contact: contact.id,
            conversation: conversation.id,
            duplicate: duplicate_of.is_some(),
        });
        self.say(tx, source, id, &mut conversation);
        if let Some(bot) = self.bot {
            thread::meet_bot(&mut conversation, bot, true);
        }
        conversation.lead = Some(id);
        if let Some(payload) = fingerprint {
            conversation.captured.retain(|it| now < it.until);
            let until = now.plus_secs(i64::from(source.capture.fingerprint_secs));
            conversation.captured.push(CapturedBefore { payload, lead: id, until });
            let surplus = conversation.captured.len().saturating_sub(CAPTURED_MAX);
            conversation.captured.drain(..surplus);
        }

        let facts = Arc::new(self.facts(&config, source, &contact, returning, &contact_tags, now));
        if duplicate_of.is_some() {
            tx.put(plain(&lead, source, &conversation, facts, now));
        } else {
            conversation.routed.push(id);
            let surplus = conversation.routed.len().saturating_sub(ROUTED_MAX);
            conversation.routed.drain(..surplus);
            self.route(tx, &config, source, &lead, &contact, &mut conversation, facts, keyless)?;
        }
        conversation.updated_at = now;
        tx.put(conversation);

        let count = tx.get::<SourceCount>(&source.id)?;
        tx.put(SourceCount {
            source: source.id,
            capture_number: count.as_ref().map_or(0, |it| it.capture_number) + 1,
            last_capture_at: count.as_ref().and_then(|it| it.last_capture_at).max(Some(now)),
        });
        if let Some([of_id, of_payload]) = receipts {
            // The id's own receipt stays the first lead's, so that a retry of either payload finds its own.
            let key = if duplicate_of.is_some() { of_payload } else { of_id };
            tx.put(Receipt { key, payload: self.payload(), at: now, expires_at: now.plus_secs(KEEP_SECS), stored: Stored::Lead(id) });
        }
        Ok(Captured { lead, replayed: false })
    }
}

/// Captures of a contact among which a repetition is told.
const CAPTURED_MAX: usize = 8;

/// The lead this payload made a moment ago.
fn repeated(tx: &mut Tx<'_>, contact: &Contact, payload: &[u8; 16]) -> Result<Option<Arc<Lead>>, Halt> {
    let Some(conversation) = contact.conversation else { return Ok(None) };
    let Some(conversation) = tx.get::<Conversation>(&conversation)? else { return Ok(None) };
    let before = conversation.captured.iter().find(|it| it.payload == *payload && tx.now < it.until);
    match before {
        Some(it) => Ok(tx.get::<Lead>(&it.lead)?),
        None => Ok(None),
    }
}

enum Same {
    No,
    Replay(LeadId),
    OtherPayload(LeadId),
}

impl Capture {
    fn payload(&self) -> [u8; 16] {
        digest(&[self.raw.content_type.as_bytes(), &self.raw.bytes])
    }

    /// Where a natural id's receipts lie: that of the id, with the first payload, and that of the id with this payload.
    fn receipt_keys(&self) -> Option<[ReceiptKey; 2]> {
        let source = self.source.0.as_bytes().as_slice();
        match &self.sameness {
            Sameness::Natural(id) => {
                Some([ReceiptKey::of(&[b"natural", source, id.as_bytes()]), ReceiptKey::of(&[b"natural", source, id.as_bytes(), &self.payload()])])
            }
            Sameness::Header | Sameness::Fingerprint => None,
        }
    }

    fn same(&self, tx: &mut Tx<'_>, keys: &[ReceiptKey; 2]) -> Result<Same, Halt> {
        let now = tx.now;
        for key in keys {
            tx.want::<Receipt>(key);
        }
        let mut same = Same::No;
        for key in keys {
            let Some(receipt) = tx.get::<Receipt>(key)?.filter(|it| now < it.expires_at) else { continue };
            let Stored::Lead(lead) = receipt.stored else { continue };
            if receipt.payload == self.payload() {
                return Ok(Same::Replay(lead));
            }
            same = Same::OtherPayload(lead);
        }
        Ok(same)
    }

    /// What the payload is told by among its contact's latest captures. Only a body by which its contact is found again
    /// gets this far: without, two equal payloads may well be two people.
    fn fingerprint(&self) -> Option<[u8; 16]> {
        let source = self.source.0.as_bytes().as_slice();
        (self.sameness == Sameness::Fingerprint).then(|| digest(&[source, self.raw.content_type.as_bytes(), &self.raw.bytes]))
    }

    /// The inquiry as the newest message of the thread.
    fn say(&self, tx: &mut Tx<'_>, source: &Source, lead: LeadId, conversation: &mut Conversation) {
        let said = [&self.inquiry.note, &self.inquiry.about].into_iter().flatten().map(|it| it.trim()).find(|it| !it.is_empty());
        let body = said.map_or_else(
            || format!("New lead from {}", source.name.as_deref().unwrap_or(&source.category)),
            |it| clip(it, MESSAGE_BYTES_MAX).to_owned(),
        );
        let (id, now) = (tx.id(), tx.now);
        let message = tx.put(Message {
            id,
            version: 0,
            created_at: now,
            conversation: conversation.id,
            at: thread::next_at(conversation, now),
            kind: MessageType::FormSubmission,
            direction: Direction::Inbound,
            body: Arc::from(body),
            bot: None,
            user: None,
            source: Some(source.id),
            lead: Some(lead),
            profile: None,
        });
        thread::take_in(conversation, &message);
        tx.event(Event::MessageAdded { message: id, conversation: conversation.id });
    }

    fn facts(&self, config: &Config, source: &Source, contact: &Contact, returning: bool, contact_tags: &[String], now: Time) -> Facts {
        let inquiry = &self.inquiry;
        let mut input = inquiry.facts.clone();
        input.text(Field::SourceType, inquiry.source_type.as_deref());
        input.text(Field::LeadSource, inquiry.lead_source.as_deref());
        input.texts(Field::Tag, inquiry.tags.iter().map(String::as_str));
        input.texts(Field::ContactTags, contact_tags.iter().map(String::as_str));
        input.texts(Field::AssigneeEmail, inquiry.assignees.iter().filter_map(|it| it.email.as_deref()));
        input.flag(Field::HasEmail, contact.emails.iter().any(|it| it.email.is_some()));
        input.flag(Field::HasPhone, contact.phones.iter().any(|it| it.phone.is_some()));
        input.flag(Field::IsReturning, returning);
        for email in contact.emails.iter().filter_map(|it| it.email.as_ref()) {
            input.text(Field::EmailDomain, Some(email.domain()));
        }
        for phone in contact.phones.iter().filter_map(|it| it.phone.as_ref()) {
            input.text(Field::PhoneCountry, phone.country());
            input.text(Field::PhoneArea, phone.area().as_deref());
        }
        input.text(Field::Channel, Some(&source.id.to_string()));
        let zone = config.brand(source.brand).map_or("UTC", |it| it.timezone.as_str());
        input.received(now, zone);
        Facts::gather(&input)
    }

    #[expect(clippy::too_many_arguments, reason = "one call, and each is a thing of its own")]
    fn route(
        &self,
        tx: &mut Tx<'_>,
        config: &Config,
        source: &Source,
        lead: &Lead,
        contact: &Contact,
        conversation: &mut Conversation,
        facts: Arc<Facts>,
        keyless: bool,
    ) -> Result<(), Halt> {
        let obey_explicit = !keyless || source.capture.obey_keyless_assignees;
        let explicit = !self.inquiry.assignees.is_empty() && obey_explicit;
        let standing = if source.capture.sticky && !explicit { thread::standing_offer(tx, conversation)? } else { None };
        let standing = standing.filter(|it| it.leads.len() < ROUTED_MAX);
        if let Some(offer) = standing {
            join(tx, source, lead, conversation, &offer, facts);
            return Ok(());
        }
        let rules = config.rules(source.id).ok_or(Refusal::NotFound(Thing::Source))?;
        let (now, offer_id) = (tx.now, tx.id());
        let decided = routing::decide(Request {
            config,
            source,
            rules,
            facts,
            lead: lead.id,
            epoch: Decision::FIRST,
            conversation: conversation.id,
            brand: contact.brand,
            cause: Cause::Capture,
            now,
            explicit: &self.inquiry.assignees,
            obey_explicit,
            owner_before: conversation.owner,
            sticky: source.capture.sticky,
            excluded: &[],
            turns: &mut |group| tx.get::<Turns>(&group),
            offer_id,
        })?;
        if let Some(turns) = decided.turns {
            tx.put(turns);
        }
        settle(tx, lead, conversation, &decided.decision)?;
        if let Some(flow) = decided.decision.flow {
            tx.event(Event::LeadEnrolled { lead: lead.id, flow });
        }
        tx.put(decided.decision);
        Ok(())
    }
}

/// May this asker capture here? `origin` is where a browser says it stands.
pub fn admit(who: &Who, config: &Config, source: &Source, origin: Option<&str>, now: Time) -> Result<(), Refusal> {
    let mode = source.capture.mode;
    if let Who::Keyless { source: id, .. } = who {
        if *id != source.id {
            return Err(Refusal::NotFound(Thing::Source));
        }
        match mode {
            CaptureMode::Public => {}
            CaptureMode::Key => return Err(Refusal::Unauthorized),
            CaptureMode::Closed => return Err(Refusal::Forbidden(Forbidden::CaptureClosed)),
        }
        let allowed = &source.capture.allowed_origins;
        let bad = origin.is_some_and(|it| !allowed.is_empty() && !allowed.iter().any(|one| one == it));
        return if bad { Err(Refusal::Forbidden(Forbidden::Origin)) } else { Ok(()) };
    }
    let rights = who.rights(config, now)?;
    if !rights.sees_brand(source.brand) {
        return Err(Refusal::NotFound(Thing::Source));
    }
    rights.may_write()?;
    if mode == CaptureMode::Closed { Err(Refusal::Forbidden(Forbidden::CaptureClosed)) } else { Ok(()) }
}

/// Carries a first decision out: the thread's owner or offer, the event.
fn settle(tx: &mut Tx<'_>, lead: &Lead, conversation: &mut Conversation, decision: &Decision) -> Result<(), Halt> {
    let now = tx.now;
    // One thread, one owner or offer: what was decided for this lead holds for those before it, and ends their offer.
    let standing = thread::standing_offer(tx, conversation)?;
    let earlier: Vec<LeadId> = conversation.routed.iter().copied().filter(|it| *it != lead.id).collect();
    let stays = match &decision.outcome {
        Outcome::Assigned { user, .. } => conversation.owner == Some(*user),
        Outcome::Inbox { .. } => conversation.owner.is_none(),
        Outcome::Offered { .. } | Outcome::Closed => false,
    };
    // Those before it are there already, as a rule: then nobody reads their rows.
    if !stays || standing.is_some() {
        thread::want_routing(tx, &earlier);
        for it in &earlier {
            thread::reroute(tx, *it, Cause::Capture, decision.outcome.clone())?;
        }
    }
    if let Some(before) = standing {
        let mut before = Offer::clone(&before);
        before.state = OfferState::Withdrawn;
        tx.put(before);
        conversation.offer = None;
        conversation.offered_to.clear();
    }
    match &decision.outcome {
        Outcome::Assigned { user, reason } => {
            conversation.owner = Some(*user);
            tx.event(Event::LeadAssigned { lead: lead.id, user: *user, reason: *reason });
        }
        Outcome::Offered { offer, invited, expires_at } => {
            let group = decision.group.as_ref().map(|it| it.group).ok_or(Refusal::NotFound(Thing::Group))?;
            conversation.owner = None;
            conversation.offer = Some(*offer);
            conversation.offered_to.clone_from(invited);
            tx.put(Offer {
                id: *offer,
                version: 0,
                leads: earlier.into_iter().chain([lead.id]).collect(),
                conversation: conversation.id,
                contact: conversation.contact,
                group,
                invited: invited.clone(),
                declined: Vec::new(),
                offered_at: now,
                expires_at: *expires_at,
                state: OfferState::Open,
            });
            tx.event(Event::LeadOffered { lead: lead.id, offer: *offer, group });
        }
        Outcome::Inbox { brand, reason } => {
            conversation.owner = None;
            tx.event(Event::LeadInbox { lead: lead.id, brand: *brand, reason: *reason });
        }
        Outcome::Closed => {}
    }
    Ok(())
}

/// A further lead of a thread whose offer still stands: it goes where the offer goes.
fn join(tx: &mut Tx<'_>, source: &Source, lead: &Lead, conversation: &Conversation, offer: &Offer, facts: Arc<Facts>) {
    let now = tx.now;
    let outcome = Outcome::Offered { offer: offer.id, invited: offer.invited.clone(), expires_at: offer.expires_at };
    tx.put(Decision { outcome, ..plain(lead, source, conversation, facts, now) });
    let mut offer = offer.clone();
    offer.leads.push(lead.id);
    tx.event(Event::LeadOffered { lead: lead.id, offer: offer.id, group: offer.group });
    tx.put(offer);
}

/// A decision that no rule made: as it is, of a lead that repeats another's natural id with another payload, which is
/// kept and not routed.
fn plain(lead: &Lead, source: &Source, conversation: &Conversation, facts: Arc<Facts>, now: Time) -> Decision {
    Decision {
        lead: lead.id,
        epoch: Decision::FIRST,
        at: now,
        conversation: conversation.id,
        cause: Cause::Capture,
        engine: ENGINE,
        source: source.id,
        rules_version: source.rules_version,
        facts,
        explicit: Vec::new(),
        owner_before: conversation.owner,
        skipped: Vec::new(),
        rule: None,
        flow: None,
        group: None,
        outcome: Outcome::Closed,
    }
}

/// At most `bytes_max` bytes of `text`, ending at a character.
pub fn clip(text: &str, bytes_max: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes_max)).unwrap_or(text)
}

/// A line as it is kept: trimmed, clipped, without NUL; nothing when nothing is left.
pub fn clipped(text: Option<&str>) -> Option<String> {
    let text = clip(text?.trim(), NAME_BYTES_MAX);
    (!text.is_empty()).then(|| text.replace('\0', ""))
}

/// A list as it is kept: its first entries, each clipped.
pub fn clipped_list(list: &[String]) -> Vec<String> {
    list.iter().filter_map(|it| clipped(Some(it))).take(LIST_LEN_MAX).collect()
}
