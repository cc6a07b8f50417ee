//! Sources: the ways in. Rechat's lead channel is a source.

use std::sync::Arc;

use super::check::{admin, lines, row, trimmed, version};
use crate::command::check::Checks;
use crate::entity::{CaptureMode, CaptureSettings, Combine, Profile, Rule, RuleSet, Source, SourceCount, Target};
use crate::feed::{Change, ConfigThing, Event};
use crate::id::{BrandId, SourceId, UserId};
use crate::limits::{CAPTURE_RATE_MAX, FINGERPRINT_SECS_MAX, LIST_LEN_MAX, TOKEN_GRACE_SECS};
use crate::port::{Command, Halt, Tx};
use crate::read::{Of, configured};
use crate::refusal::{Refusal, Thing};
use crate::secret::capture_token;
use crate::who::{Rights, Who};

use super::rule::DEFAULT_ORDER;

/// A source with what is shown beside it.
#[derive(Clone, Debug)]
pub struct SourceView {
    pub source: Arc<Source>,
    pub rules: Arc<RuleSet>,
    /// All zero before the first capture.
    pub count: Arc<SourceCount>,
}

/// How it takes leads in, as far as it is named; the rest stays, or is the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaptureChange {
    pub mode: Option<CaptureMode>,
    pub allowed_origins: Option<Vec<String>>,
    pub per_minute_per_address: Option<u32>,
    pub per_second: Option<u32>,
    pub obey_keyless_assignees: Option<bool>,
    pub sticky: Option<bool>,
    pub fingerprint_secs: Option<u32>,
}

/// With its default rule and its capture token.
#[derive(Clone, Debug)]
pub struct CreateSource {
    pub brand: BrandId,
    pub name: Option<String>,
    /// `WebHook` when absent.
    pub category: Option<String>,
    pub protocol: Option<String>,
    pub mls: Option<Vec<String>>,
    pub capture: CaptureChange,
    pub profile: Profile,
}

/// `None` leaves a part as it is; `Some(None)` clears it.
#[derive(Clone, Debug)]
pub struct UpdateSource {
    pub id: SourceId,
    /// Exactly this brand's source, else not found: what a brand in a path means.
    pub within: Option<BrandId>,
    pub if_match: Option<u64>,
    pub name: Option<Option<String>>,
    pub category: Option<String>,
    pub protocol: Option<Option<String>>,
    pub mls: Option<Option<Vec<String>>>,
    pub capture: CaptureChange,
    pub profile: Option<Profile>,
}

/// Capture stops; conversations stay. A brand's default channel stays too.
#[derive(Clone, Debug)]
pub struct DeleteSource {
    pub id: SourceId,
    pub within: Option<BrandId>,
    pub if_match: Option<u64>,
}

/// A new capture token; the old one stays good for [`crate::limits::TOKEN_GRACE_SECS`].
#[derive(Clone, Debug)]
pub struct RotateToken {
    pub id: SourceId,
    pub if_match: Option<u64>,
}

/// The name of the channel every brand begins with.
const DEFAULT_NAME: &str = "Default Route";
const DEFAULT_CATEGORY: &str = "WebHook";

/// A brand's first way in.
pub(super) fn default_channel(tx: &mut Tx<'_>, brand: BrandId, user: Option<UserId>) -> SourceView {
    let source = Source {
        id: tx.id(),
        version: 0,
        created_at: tx.now,
        updated_at: tx.now,
        deleted_at: None,
        brand,
        name: Some(DEFAULT_NAME.to_owned()),
        category: DEFAULT_CATEGORY.to_owned(),
        is_default: true,
        created_by: None,
        protocol: None,
        mls: None,
        capture: CaptureSettings::default(),
        rules_version: 0,
        profile: None,
    };
    begin(tx, source, user)
}

/// Puts a new source with its token and its default rule, which goes to `user`, or to the brand when there is none.
fn begin(tx: &mut Tx<'_>, mut source: Source, user: Option<UserId>) -> SourceView {
    source.capture.token = capture_token(tx.secret());
    source.rules_version = 1;
    let source = tx.put(source);
    let rule = default_rule(tx, source.brand, user);
    let rules = tx.put(RuleSet { source: source.id, version: 1, rules: vec![Arc::new(rule)] });
    tx.event(Event::ConfigChanged { what: ConfigThing::Source(source.id), change: Change::Created });
    let count = Arc::new(SourceCount { source: source.id, capture_number: 0, last_capture_at: None });
    SourceView { source, rules, count }
}

fn default_rule(tx: &mut Tx<'_>, brand: BrandId, user: Option<UserId>) -> Rule {
    Rule {
        id: tx.id(),
        created_at: tx.now,
        updated_at: tx.now,
        created_by: None,
        is_default: true,
        order: DEFAULT_ORDER,
        kind: Combine::And,
        target: if user.is_some() { Target::User } else { Target::Brand },
        user,
        group: None,
        brand: Some(brand),
        flow: None,
        conditions: Vec::new(),
    }
}

/// The source, if it is seen and of the brand named, with its row read.
pub(super) fn seen(tx: &mut Tx<'_>, rights: &Rights, within: Option<BrandId>, id: SourceId) -> Result<Arc<Source>, Halt> {
    configured::source(&tx.config, rights, within.map_or(Of::Seen, Of::Brand), id)?;
    row::<Source>(tx, &id, Thing::Source)
}

impl Command for CreateSource {
    type Outcome = SourceView;

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<SourceView, Halt> {
        let rights = admin(who, tx)?;
        rights.brand_seen(self.brand)?;
        let mut checks = Checks::default();
        checks.line("/name", self.name.as_deref());
        checks.line("/category", self.category.as_deref());
        checks.line("/protocol", self.protocol.as_deref());
        checks.profile("/profile", &self.profile);
        let mls = self.mls.as_deref().map(|it| lines(&mut checks, "/mls", it));
        let capture = self.capture.applied(&mut checks, CaptureSettings::default());
        checks.done()?;
        let source = Source {
            id: tx.id(),
            version: 0,
            created_at: tx.now,
            updated_at: tx.now,
            deleted_at: None,
            brand: self.brand,
            name: trimmed(self.name.as_deref()),
            category: trimmed(self.category.as_deref()).unwrap_or_else(|| DEFAULT_CATEGORY.to_owned()),
            is_default: false,
            created_by: rights.user,
            protocol: trimmed(self.protocol.as_deref()),
            mls,
            capture,
            rules_version: 0,
            profile: self.profile.clone(),
        };
        Ok(begin(tx, source, rights.user))
    }
}

impl Command for UpdateSource {
    type Outcome = SourceView;

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<SourceView, Halt> {
        let rights = admin(who, tx)?;
        tx.want::<SourceCount>(&self.id);
        let old = seen(tx, &rights, self.within, self.id)?;
        version(self.if_match, old.version)?;
        let mut checks = Checks::default();
        checks.line("/name", self.name.as_ref().and_then(Option::as_deref));
        if let Some(category) = &self.category {
            checks.name("/category", category);
        }
        checks.line("/protocol", self.protocol.as_ref().and_then(Option::as_deref));
        if let Some(profile) = &self.profile {
            checks.profile("/profile", profile);
        }
        let mut new = Source::clone(&old);
        new.updated_at = tx.now;
        if let Some(mls) = &self.mls {
            new.mls = mls.as_deref().map(|it| lines(&mut checks, "/mls", it));
        }
        new.capture = self.capture.applied(&mut checks, new.capture);
        checks.done()?;
        if let Some(name) = &self.name {
            new.name = trimmed(name.as_deref());
        }
        if let Some(category) = &self.category {
            category.trim().clone_into(&mut new.category);
        }
        if let Some(protocol) = &self.protocol {
            new.protocol = trimmed(protocol.as_deref());
        }
        if let Some(profile) = &self.profile {
            new.profile.clone_from(profile);
        }
        changed(tx, new)
    }
}

impl Command for DeleteSource {
    type Outcome = ();

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<(), Halt> {
        let rights = admin(who, tx)?;
        let old = seen(tx, &rights, self.within, self.id)?;
        version(self.if_match, old.version)?;
        if old.is_default {
            return Err(Refusal::invalid("", "the default channel of a brand stays").into());
        }
        tx.put(Source { deleted_at: Some(tx.now), updated_at: tx.now, ..Source::clone(&old) });
        tx.event(Event::ConfigChanged { what: ConfigThing::Source(self.id), change: Change::Deleted });
        Ok(())
    }
}

impl Command for RotateToken {
    type Outcome = SourceView;

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<SourceView, Halt> {
        let rights = admin(who, tx)?;
        tx.want::<SourceCount>(&self.id);
        let old = seen(tx, &rights, None, self.id)?;
        version(self.if_match, old.version)?;
        let mut new = Source::clone(&old);
        new.updated_at = tx.now;
        let before = std::mem::replace(&mut new.capture.token, capture_token(tx.secret()));
        new.capture.token_before = Some((before, tx.now.plus_secs(TOKEN_GRACE_SECS)));
        changed(tx, new)
    }
}

/// Puts a changed source, and shows it.
fn changed(tx: &mut Tx<'_>, new: Source) -> Result<SourceView, Halt> {
    let id = new.id;
    let rules = tx.config.rules(id).map(|it| Arc::clone(&it.set)).ok_or(Refusal::NotFound(Thing::Source))?;
    let count = tx.get::<SourceCount>(&id)?.unwrap_or_else(|| Arc::new(SourceCount { source: id, capture_number: 0, last_capture_at: None }));
    let source = tx.put(new);
    tx.event(Event::ConfigChanged { what: ConfigThing::Source(id), change: Change::Updated });
    Ok(SourceView { source, rules, count })
}

impl CaptureChange {
    fn applied(&self, checks: &mut Checks, mut settings: CaptureSettings) -> CaptureSettings {
        if let Some(mode) = self.mode {
            settings.mode = mode;
        }
        if let Some(origins) = &self.allowed_origins {
            let lines = lines(checks, "/capture/allowed_origins", origins);
            for (i, it) in lines.iter().enumerate().take(LIST_LEN_MAX) {
                checks.that(is_origin(it), &format!("/capture/allowed_origins/{i}"), "is no origin, as in https://example.com");
            }
            settings.allowed_origins = lines.iter().map(|it| it.to_ascii_lowercase()).collect();
        }
        let rates = 1..=CAPTURE_RATE_MAX;
        if let Some(rate) = self.per_minute_per_address {
            checks.that(rates.contains(&rate), "/capture/per_minute_per_address", "is not between 1 and 1000000");
            settings.per_minute_per_address = rate;
        }
        if let Some(rate) = self.per_second {
            checks.that(rates.contains(&rate), "/capture/per_second", "is not between 1 and 1000000");
            settings.per_second = rate;
        }
        if let Some(obey) = self.obey_keyless_assignees {
            settings.obey_keyless_assignees = obey;
        }
        if let Some(sticky) = self.sticky {
            settings.sticky = sticky;
        }
        if let Some(secs) = self.fingerprint_secs {
            checks.that(secs <= FINGERPRINT_SECS_MAX, "/capture/fingerprint_secs", "is more than 86400");
            settings.fingerprint_secs = secs;
        }
        settings
    }
}

/// Scheme, host and port, as a browser spells it in `Origin`.
fn is_origin(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, rest)| {
        let host = |c: char| !c.is_whitespace() && !matches!(c, '/' | '?' | '#' | '@' | '\\' | '*');
        !scheme.is_empty()
            && scheme.chars().all(|it| it.is_ascii_alphanumeric() || matches!(it, '+' | '-' | '.'))
            && !rest.is_empty()
            && rest.chars().all(host)
    })
}
