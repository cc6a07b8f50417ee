//! Months of inquiries to one agency: who asked for what and when, and how it went on.
//!
//! The same seed writes the same stories; only the moment they end at is the present one.

use std::sync::Arc;

use leadwire_core::Time;
use leadwire_core::command::capture::{Capture, Inquiry, Sameness};
use leadwire_core::command::conversation::UpdateConversation;
use leadwire_core::entity::{Address, BotInstance, Direction, FieldValue, MessageType, RawBody, Score, Source};
use leadwire_core::id::{BotId, ProfileId, UserId};
use leadwire_core::routing::{FactsInput, Field, RawFact};
use serde_json::{Map, Value, json};

use super::people::Person;
use super::script::{Act, Say, Script, What};
use super::talk::{self, HOMES, TAGS};
use super::town::Agency;
use crate::random::{Random, Zipf};

/// When history begins that ends at `now`.
pub(super) fn begin(now: Time) -> Time {
    now.plus_millis(-HISTORY_DAYS * DAY)
}

/// How far back it begins.
const HISTORY_DAYS: i64 = 180;

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// Writes the stories of one agency, oldest first.
#[derive(Debug)]
pub(super) struct Life<'a> {
    agency: &'a Agency,
    random: Random,
    people: Vec<Person>,
    source_ranks: Zipf,
    bot_ranks: Zipf,
    /// Two kinds of score.
    profiles: [ProfileId; 2],
    now: Time,
    step: i64,
    at: Time,
    left: usize,
}

impl<'a> Life<'a> {
    /// `leads` stories that end just before `now`.
    pub(super) fn new(agency: &'a Agency, seed: u64, leads: usize, now: Time) -> Self {
        let mut random = Random::new(seed);
        let mut profile = || {
            let [a, b] = [random.word(), random.word()].map(u64::to_be_bytes);
            let mut bytes = [0; 16];
            bytes.iter_mut().zip(a.into_iter().chain(b)).for_each(|(to, from)| *to = from);
            ProfileId(uuid::Builder::from_random_bytes(bytes).into_uuid())
        };
        let profiles = [profile(), profile()];
        let step = HISTORY_DAYS * DAY / i64::try_from(leads.max(1)).unwrap_or(1);
        Self {
            agency,
            random,
            people: Vec::new(),
            source_ranks: Zipf::new(agency.sources.len()),
            bot_ranks: Zipf::new(agency.bots.len()),
            profiles,
            now,
            step: step.max(1),
            at: begin(now),
            left: leads,
        }
    }

    /// Somebody new, or, for one inquiry in six, somebody known.
    fn person(&mut self) -> Person {
        if !self.people.is_empty()
            && self.random.percent(17)
            && let Some(known) = self.people.get(self.random.below(self.people.len()))
        {
            return known.clone();
        }
        let person = Person::new(self.people.len(), &mut self.random);
        self.people.push(person.clone());
        person
    }

    fn story(&mut self, at: Time) -> Option<Script> {
        let person = self.person();
        let source = Arc::clone(self.agency.sources.get(self.source_ranks.draw(&mut self.random))?);
        let bot = self.agency.bots.get(self.bot_ranks.draw(&mut self.random)).copied();
        let capture = self.capture(&person, &source);
        let acts = self.acts(&person, &source, bot, at);
        Some(Script { at, capture, acts })
    }

    fn capture(&mut self, person: &Person, source: &Source) -> Capture {
        let random = &mut self.random;
        let (street, city, price) = HOMES.get(random.below(HOMES.len())).copied().unwrap_or(("", "", 0));
        let price = price + 1000 * u32::try_from(random.below(40)).unwrap_or(0);
        let note = random.pick(talk::lines(person.tongue).opening).replace("{}", street);
        let (email, phone) = (person.typed_email(random), person.typed_phone(random));
        let tags: Vec<String> = (0..random.below(4)).map(|_| random.pick(TAGS).to_owned()).collect();
        let lead_source = random.pick(&["Google", "Instagram", "Referral", "Walk-in", "Newsletter"]);
        let source_type = random.pick(&["Website", "Showing", "OpenHouse", "Referral"]);

        let mut lead = Map::new();
        let mut put = |name: &str, value: Value| {
            if !value.is_null() {
                lead.insert(name.to_owned(), value);
            }
        };
        put("first_name", json!(person.first));
        put("last_name", json!(person.last));
        put("email", json!(email));
        put("phone_number", json!(phone));
        put("note", json!(note));
        put("source_type", json!(source_type));
        put("lead_source", json!(lead_source));
        put("tag", json!(tags));
        put("listing", json!({ "price": price, "property": { "address": { "full_address": format!("{street}, {city}"), "city": city } } }));
        let raw = Value::Object(lead).to_string();

        let mut facts = FactsInput::default();
        facts.add(Field::Price, RawFact::Number(price.to_string()));
        facts.text(Field::City, Some(city));
        facts.text(Field::SourceType, Some(source_type));
        facts.text(Field::LeadSource, Some(lead_source));
        facts.texts(Field::Tag, tags.iter().map(String::as_str));
        let field = |field: &str, name: &str, value: String, ai_produced| FieldValue {
            field: field.to_owned(),
            name: Some(name.to_owned()),
            value,
            ai_produced,
        };
        let mut fields = vec![field("home", "Home asked about", street.to_owned(), false)];
        if random.percent(60) {
            fields.push(field("budget", "Budget", format!("{}", price / 1000 * 1000), true));
        }
        if random.percent(35) {
            fields.push(field("bedrooms", "Bedrooms", (1 + random.below(5)).to_string(), true));
        }
        Capture {
            source: source.id,
            inquiry: Inquiry {
                first_name: Some(person.first.to_owned()),
                last_name: Some(person.last.to_owned()),
                emails: email.into_iter().collect(),
                phones: phone.into_iter().collect(),
                addresses: vec![Address { full: Some(format!("{street}, {city}")), city: Some(city.to_owned()), ..Address::default() }],
                tags,
                fields,
                note: Some(note),
                source_type: Some(source_type.to_owned()),
                lead_source: Some(lead_source.to_owned()),
                contact_id: (source.category != "WebHook").then(|| format!("crm-{}", 10_000 + random.below(1_000_000))),
                facts,
                ..Inquiry::default()
            },
            raw: RawBody { content_type: Arc::from("application/json"), bytes: Arc::from(raw.into_bytes()) },
            parsed: None,
            bot: None,
            sameness: Sameness::Header,
            origin: None,
        }
    }

    /// What followed, up to now.
    fn acts(&mut self, person: &Person, source: &Source, bot: Option<BotId>, begin: Time) -> Vec<Act> {
        let lines = talk::lines(person.tongue);
        let random = &mut self.random;
        let kind = match source.category.as_str() {
            "GHL" => random.pick(&[Kind(MessageType::Sms), Kind(MessageType::Whatsapp)]).0,
            "HubSpot" => MessageType::Email,
            _ => random.pick(&[Kind(MessageType::Sms), Kind(MessageType::Email), Kind(MessageType::LiveChat), Kind(MessageType::Webchat)]).0,
        };
        let user = self.agency.users.get(random.below(self.agency.users.len())).map(|it| it.id);
        let mut at = begin;
        let mut acts = Vec::new();
        if random.percent(80) {
            acts.push(Act { at: begin.plus_millis(random.between(1, 14) * MINUTE), what: What::Claim(random.below(8)) });
        }
        let say = |direction, body: &str, bot: Option<BotId>, user: Option<UserId>| {
            What::Say(Say { direction, kind, body: body.to_owned(), bot, user, source: source.id })
        };
        let rounds = if random.percent(25) { 0 } else { 1 + random.below(lines.bot.len()) };
        for round in 0..rounds {
            let (Some(asked), Some(answer)) = (lines.bot.get(round), lines.person.get(round)) else { break };
            at = at.plus_millis(random.between(15, 45) * 1000);
            acts.push(Act { at, what: say(Direction::Outbound, asked, bot, None) });
            if random.percent(20) {
                break;
            }
            at = at.plus_millis(random.between(1, 300) * MINUTE);
            acts.push(Act { at, what: say(Direction::Inbound, answer, None, None) });
        }
        if random.percent(40) {
            at = at.plus_millis(random.between(20, 3000) * MINUTE);
            acts.push(Act { at, what: say(Direction::Outbound, random.pick(lines.agent), None, user) });
            if random.percent(50) {
                at = at.plus_millis(random.between(1, 600) * MINUTE);
                acts.push(Act { at, what: say(Direction::Inbound, random.pick(lines.person), None, None) });
            }
        }
        if random.percent(70) {
            let at = at.plus_millis(MINUTE);
            let change = self.change(bot, at);
            acts.push(Act { at, what: What::Change(Box::new(change)) });
        }
        acts.sort_by_key(|it| it.at);
        // What has not happened yet is not told.
        acts.retain(|it| it.at < self.now);
        acts
    }

    fn change(&mut self, bot: Option<BotId>, at: Time) -> UpdateConversation {
        let now = self.now;
        let random = &mut self.random;
        let [interest, urgency] = self.profiles;
        let mut change =
            UpdateConversation { scores: Some(vec![Score { profile: interest, score: score(random) }]), ..UpdateConversation::default() };
        if let (Some(scores), true) = (change.scores.as_mut(), random.percent(40)) {
            scores.push(Score { profile: urgency, score: score(random) });
        }
        change.starred = random.percent(12).then_some(true);
        change.unread = random.percent(55).then_some(false);
        if random.percent(20) {
            let user = random.below(self.agency.users.len());
            change.followers = Some(self.agency.users.get(user).map(|it| it.id).into_iter().collect());
        }
        if let (Some(bot), true) = (bot, random.percent(35)) {
            // Some follow-ups lie ahead, some were due long ago.
            let follow_up =
                if random.percent(60) { now.plus_millis(random.between(1, 20) * DAY / 2) } else { at.plus_millis(random.between(1, 5) * DAY) };
            change.bots = Some(vec![BotInstance {
                bot,
                active: true,
                version: Some("3".to_owned()),
                follow_up_timezone_kind: random.pick(&["contact", "source", "unknown"]).to_owned(),
                follow_up_timezone: None,
                follow_up_at: Some(follow_up),
                smart_follow_up: random.percent(30),
                scheduled_response_at: None,
            }]);
            change.due = Some(vec![follow_up]);
        }
        change.failure_reason = random.percent(4).then(|| Some("ai_off".to_owned()));
        change
    }
}

/// A message's type that can be picked.
#[derive(Clone, Copy)]
struct Kind(MessageType);

impl Default for Kind {
    fn default() -> Self {
        Self(MessageType::Sms)
    }
}

/// From 0 to 100, by halves.
fn score(random: &mut Random) -> f64 {
    f64::from(u8::try_from(random.below(201)).unwrap_or(0)) / 2.0
}

impl Iterator for Life<'_> {
    type Item = Script;

    fn next(&mut self) -> Option<Script> {
        self.left = self.left.checked_sub(1)?;
        let jitter = self.random.between(0, self.step);
        self.at = self.at.plus_millis(self.step);
        let at = self.at.plus_millis(-jitter).max(begin(self.now));
        self.story(at)
    }
}
