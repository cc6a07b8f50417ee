//! CloseBot's words to the core's and back. Pure.

use std::str::FromStr;

use leadwire_core::Time;
use leadwire_core::config::Config;
use leadwire_core::entity::{BotInstance, Contact, Conversation, Direction, FieldValue, LastMessage, MessageType};
use leadwire_core::id::{BotId, PersonaId, SourceId};
use leadwire_core::refusal::{Refusal, Violation};
use leadwire_core::search::{Page, Query};

use super::wire;
use crate::kit::id::Id;

/// Leads given unless asked otherwise, and at most: the figures of the vendor's own list of leads.
pub(super) const COUNT: i32 = 20;
pub(super) const COUNT_MAX: i32 = 100;
/// Ids, channels or personas in one filter.
pub(super) const LIST_MAX: usize = 1000;
/// Characters of a search text: more words than anybody types.
pub(super) const SEARCH_MAX: usize = 1024;

/// The members the live service refuses to do without.
pub(super) const STRICT: [&str; 4] = ["sourceIds", "channels", "botIds", "personaIds"];

/// Puts what is asked for into `query`, which comes with its scope and moment.
///
/// A null or an empty list is no filter. Ids that are none, or of nothing that is there, match nothing.
pub(super) fn ask(input: &wire::SearchQueryInput, config: &Config, query: &mut Query) -> Result<(), Refusal> {
    let wire::SearchQueryInput {
        total_only,
        // Every answer is fast here.
        source_only_fast: _,
        offset,
        count,
        search,
        source_ids,
        channels,
        bot_ids,
        persona_ids,
        minimum_responses,
        last_message_direction,
        follow_up_scheduled,
    } = input;
    let mut wrong = Vec::new();

    let offset = usize::try_from(offset.unwrap_or(0)).unwrap_or_else(|_| {
        wrong.push(Violation::new("/offset", "must not be negative"));
        0
    });
    let count = count.unwrap_or(COUNT);
    if count < 1 {
        wrong.push(Violation::new("/count", "must be at least 1"));
    }
    // 0 asks for the total alone.
    let limit = if *total_only == Some(true) { 0 } else { usize::try_from(count.clamp(1, COUNT_MAX)).unwrap_or(0) };
    query.page = Page::Offset { offset, limit };

    if search.as_ref().is_some_and(|it| it.chars().count() > SEARCH_MAX) {
        wrong.push(Violation::new("/search", format!("must be of at most {SEARCH_MAX} characters")));
    }
    query.text = search.as_deref().map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned);

    for (name, list) in [("/sourceIds", source_ids), ("/channels", channels), ("/botIds", bot_ids), ("/personaIds", persona_ids)] {
        if list.as_ref().is_some_and(|it| it.len() > LIST_MAX) {
            wrong.push(Violation::new(name, format!("must hold at most {LIST_MAX} items")));
        }
    }
    query.sources = sources_asked(source_ids.as_deref(), config);
    query.types = some(channels.as_deref()).map(|names| names.iter().flat_map(|it| types_of(it)).collect());
    query.bots = some(bot_ids.as_deref()).map(ids::<BotId>);
    query.persona_bots = some(persona_ids.as_deref()).map(|it| bots_as(&ids::<PersonaId>(it), config));

    query.bot_replies_min = minimum_responses.and_then(|it| u32::try_from(it).ok());
    query.direction = match last_message_direction.as_deref().map(direction) {
        Some(None) => {
            wrong.push(Violation::new("/lastMessageDirection", "must be in or out"));
            None
        }
        Some(known) => known,
        None => None,
    };
    query.follow_up_scheduled = *follow_up_scheduled;

    if wrong.is_empty() { Ok(()) } else { Err(Refusal::Invalid(wrong)) }
}

/// An empty list is no filter.
fn some<T>(list: Option<&[T]>) -> Option<&[T]> {
    list.filter(|it| !it.is_empty())
}

fn ids<I: FromStr>(texts: &[String]) -> Vec<I> {
    texts.iter().filter_map(|it| it.parse().ok()).collect()
}

/// The live sources among those asked for: a deleted one finds nothing.
pub(super) fn sources_asked(asked: Option<&[String]>, config: &Config) -> Option<Vec<SourceId>> {
    let asked = ids::<SourceId>(some(asked)?);
    Some(asked.into_iter().filter(|it| config.source(*it).is_some()).collect())
}

/// The bots that speak as one of these.
fn bots_as(personas: &[PersonaId], config: &Config) -> Vec<BotId> {
    config.bots().filter(|bot| bot.personas.iter().any(|it| personas.contains(it))).map(|it| it.id).collect()
}

fn direction(text: &str) -> Option<Direction> {
    match text.to_ascii_lowercase().as_str() {
        "in" | "inbound" => Some(Direction::Inbound),
        "out" | "outbound" => Some(Direction::Outbound),
        _ => None,
    }
}

/// The message types of a channel, by CloseBot's name for it or by the name of one type. None for an unknown name.
fn types_of(name: &str) -> Vec<MessageType> {
    use MessageType as M;
    let types: &[M] = match name.trim().to_ascii_lowercase().as_str() {
        "whatsapp" => &[M::Whatsapp, M::ActivityWhatsapp],
        "gmb" => &[M::Gmb, M::CampaignGmb],
        "live_chat" => &[M::LiveChat, M::LiveChatInfoMessage, M::Webchat],
        "sms" => &[M::Sms, M::Rcs, M::SmsReviewRequest, M::SmsNoShowRequest, M::SmsReaction, M::CampaignSms, M::CampaignManualSms],
        "email" => &[M::Email, M::CampaignEmail],
        "fb" => &[M::Facebook, M::FacebookComment, M::CampaignFacebook],
        "ig" => &[M::Instagram, M::InstagramComment],
        "custom" => &[M::CustomSms, M::CustomEmail, M::CustomProviderSms, M::CustomProviderEmail, M::CustomCall],
        other => return MessageType::from_name(&other.to_ascii_uppercase()).into_iter().collect(),
    };
    types.to_vec()
}

/// A conversation with its contact, as CloseBot shows a lead. `asked` are the sources the search was confined to.
pub(super) fn lead(conversation: &Conversation, contact: &Contact, asked: Option<&[SourceId]>, config: &Config) -> wire::Lead {
    let source = conversation.latest_source(asked);
    let Conversation {
        id,
        version: _,
        created_at: _,
        updated_at: _,
        brand: _,
        contact: _,
        lead: _,
        routed: _,
        captured: _,
        starred,
        unread_count,
        owner: _,
        offer: _,
        offered_to: _,
        followers: _,
        mentions: _,
        last_message,
        last_manual_at: _,
        outbound_action: _,
        sources: _,
        bots,
        bot_replies: _,
        wont_respond_until,
        failure_reason,
        mimic_source,
        scores: _,
        due: _,
        profile: _,
    } = conversation;
    let said = last_message.as_ref().map(said);
    wire::Lead {
        id: Id(id.0),
        name: contact.display_name(),
        contact_id: contact_id(contact, source),
        last_message_time: said.as_ref().map(|it| it.at.clone()),
        last_message: said.as_ref().map(|it| it.body.clone()),
        last_message_direction: said.as_ref().map(|it| it.direction),
        last_message_bot_id: said.and_then(|it| it.bot).map(|it| Id(it.0)),
        most_recent_failure_reason: failure_reason.clone(),
        mimic_source_id: mimic_source.map(|it| Id(it.0)),
        starred: *starred,
        unread: *unread_count > 0,
        source: source.map(|it| wire::LeadSource { name: config.source(it).and_then(|it| it.name.clone()), id: Id(it.0) }),
        wont_respond_until: wont_respond_until.map(moment),
        tags: contact.tags.clone(),
        fields: contact.fields.iter().map(field).collect(),
        instances: bots.iter().filter(|it| it.active).map(instance).collect(),
    }
}

/// The source's own id for the contact where it has one, else ours. Both find the lead.
fn contact_id(contact: &Contact, source: Option<SourceId>) -> String {
    let external = contact.external_ids.iter().rev().find(|it| Some(it.source) == source);
    external.map_or_else(|| contact.id.to_string(), |it| it.id.clone())
}

fn moment(at: Time) -> String {
    at.to_string()
}

struct Said {
    at: String,
    body: String,
    direction: wire::Direction,
    bot: Option<BotId>,
}

fn said(it: &LastMessage) -> Said {
    let LastMessage { id: _, at, kind: _, direction, body, bot, user: _, source: _ } = it;
    let direction = match direction {
        Direction::Inbound => wire::Direction::In,
        Direction::Outbound => wire::Direction::Out,
    };
    Said { at: moment(*at), body: body.clone(), direction, bot: *bot }
}

fn field(it: &FieldValue) -> wire::Field {
    let FieldValue { field, name, value, ai_produced } = it.clone();
    wire::Field { key: field, name, value, ai_produced }
}

fn instance(it: &BotInstance) -> wire::Instance {
    let BotInstance { bot, active: _, version, follow_up_timezone_kind, follow_up_timezone, follow_up_at, smart_follow_up, scheduled_response_at } =
        it.clone();
    wire::Instance {
        bot_id: Id(bot.0),
        bot_version: version,
        follow_up_timezone_kind,
        follow_up_timezone,
        follow_up_time: follow_up_at.map(moment),
        is_smart_follow_up_time: smart_follow_up,
        schedule_respond_time: scheduled_response_at.map(moment),
    }
}
