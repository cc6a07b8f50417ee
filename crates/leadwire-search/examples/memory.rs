//! Measures the index at size: memory, time to build, time per shape of query, time per update.
//!
//! `cargo run --release -p leadwire-search --example memory -- [conversations [shape]]`. Words follow Zipf over 50,000 words in
//! four scripts, one in twenty is unique; ten messages of twelve words, three tags. It only prints; it judges nothing.
#![expect(clippy::print_stdout, reason = "it prints what it measures")]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "figures for people"
)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use leadwire_core::Time;
use leadwire_core::entity::{Direction, MessageType};
use leadwire_core::feed::Unit;
use leadwire_core::id::{AgencyId, BotId, BrandId, ContactId, ConversationId, SourceId, UnitId, UserId, Uuid};
use leadwire_core::search::{Columns, Document, DocumentChange, Fields, FieldsChange, Index, Page, Query, Scope, Sort, SortBy};
use leadwire_search::MemoryIndex;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const AGENCY: AgencyId = AgencyId(Uuid::from_u128(1));
const BRAND: BrandId = BrandId(Uuid::from_u128(1));
const VOCABULARY: usize = 50_000;
const START: i64 = 1_700_000_000_000;

struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A rank by Zipf: few are often, many are rare.
    fn zipf(&mut self, count: usize) -> usize {
        ((count as f64).powf(self.unit()) - 1.0) as usize
    }
}

fn syllables(mut number: usize, of: &[&str]) -> String {
    let mut word = String::new();
    for _ in 0..3 {
        word.push_str(of.get(number % of.len()).copied().unwrap_or_default());
        number /= of.len();
    }
    word
}

fn word(rank: usize) -> String {
    let number = rank / 4 + 7;
    match rank % 4 {
        0 => syllables(
            number,
            &[
                "ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "qui", "ro", "su", "ta", "ve", "wi", "xo", "zu", "ar", "en",
                "is", "or", "um",
            ],
        ),
        1 => syllables(
            number,
            &[
                "да", "не", "по", "ра", "ст", "ко", "ли", "ма", "ту", "вы", "зо", "ба", "пе", "ри", "но", "ше", "жи", "ля", "ку", "ви", "га", "до",
                "сы", "ме",
            ],
        ),
        2 => syllables(
            number,
            &[
                "با", "ت", "ثم", "جي", "حد", "خا", "دي", "را", "سم", "شر", "صب", "طا", "عل", "غر", "في", "قد", "كت", "لا", "من", "نو", "هل", "وس",
                "ية", "زر",
            ],
        ),
        _ => [0, 1].iter().filter_map(|it| char::from_u32(0x4e00 + ((number * 7919 + it * 104_729) % 3500) as u32)).collect(),
    }
}

struct Maker {
    dice: Dice,
    words: Vec<String>,
    unique: u64,
}

impl Maker {
    fn message(&mut self) -> String {
        let mut text = String::with_capacity(120);
        for _ in 0..12 {
            if self.dice.below(20) == 0 {
                self.unique += 1;
                let mut letters = self.unique.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16;
                for _ in 0..10 {
                    text.push(char::from(b'a' + (letters % 26) as u8));
                    letters /= 26;
                }
            } else {
                let rank = self.dice.zipf(VOCABULARY);
                text.push_str(self.words.get(rank).map_or("", String::as_str));
            }
            text.push(' ');
        }
        text
    }

    fn fields(&mut self, number: u64) -> Fields {
        let first = self.words.get(4 * self.dice.zipf(2000)).cloned().unwrap_or_default();
        let last = self.words.get(4 * self.dice.zipf(10_000)).cloned().unwrap_or_default();
        let email = format!("{first}.{last}{}@example{}.com", number % 1000, self.dice.zipf(50));
        let phone = format!("1{:010}", 2_000_000_000 + self.dice.below(7_000_000_000));
        let tags = (0..3).map(|_| format!("tag{}", self.dice.zipf(200))).collect();
        Fields { infix: vec![first, last, email, phone], words: tags }
    }

    fn columns(&mut self, number: u64, version: u64, at: i64) -> Columns {
        let of = |kind: u128, number: usize| Uuid::from_u128(kind << 100 | number as u128);
        let user = UserId(of(2, self.dice.zipf(200)));
        Columns {
            conversation: ConversationId(Uuid::from_u128(u128::from(START as u64 + number) << 80 | u128::from(number.wrapping_mul(0x9e37_79b9)))),
            contact: ContactId(Uuid::from_u128(u128::from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)) << 64 | u128::from(number))),
            brand: BRAND,
            conversation_version: version,
            contact_version: version,
            created_at: Time::from_millis(START + number as i64),
            last_message_at: Some(Time::from_millis(at)),
            last_manual_at: (number.is_multiple_of(7)).then(|| Time::from_millis(at)),
            last_type: Some(if number.is_multiple_of(3) { MessageType::Sms } else { MessageType::FormSubmission }),
            last_direction: Some(if self.dice.below(5) < 2 { Direction::Inbound } else { Direction::Outbound }),
            outbound_action: None,
            owner: (!number.is_multiple_of(4)).then_some(user),
            offered_to: Vec::new(),
            followers: if number.is_multiple_of(10) { vec![user] } else { Vec::new() },
            mentions: Vec::new(),
            sources: vec![SourceId(of(3, self.dice.zipf(50)))],
            bots: vec![BotId(of(4, self.dice.zipf(5000)))],
            bot_replies: self.dice.zipf(30) as u32,
            starred: number.is_multiple_of(20),
            unread: number.is_multiple_of(3),
            follow_ups: if number.is_multiple_of(8) { vec![Time::from_millis(at + self.dice.below(1 << 31) as i64)] } else { Vec::new() },
            due: Vec::new(),
            scores: Vec::new(),
        }
    }
}

fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|it| it.starts_with("VmRSS")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|it| it.parse::<f64>().ok()).unwrap_or_default() / 1024.0
}

fn main() {
    let count: u64 = std::env::args().nth(1).and_then(|it| it.parse().ok()).unwrap_or(1_000_000);
    let mut maker = Maker { dice: Dice(1), words: (0..VOCABULARY).map(word).collect(), unique: 0 };
    let base = resident();
    let index = MemoryIndex::new();
    let begun = Instant::now();
    let mut loader = index.rebuild(AGENCY);
    for number in 0..count {
        let fields = maker.fields(number);
        let at = START + maker.dice.below(30_000_000_000) as i64;
        let columns = maker.columns(number, 1, at);
        let messages: Vec<String> = (0..10).map(|_| maker.message()).collect();
        loader.add(&Document { columns, fields }, &mut messages.iter().map(String::as_str));
        if number.is_multiple_of((count / 5).max(1)) {
            println!("{number} {:.1?} rss {:.0} MB", begun.elapsed(), resident() - base);
        }
    }
    println!("added {:.1?} rss {:.0} MB", begun.elapsed(), resident() - base);
    loader.finish(0);
    println!("built {:.1?} rss {:.0} MB", begun.elapsed(), resident() - base);
    let bytes = index.bytes(AGENCY);
    println!("counted {} MB: {bytes:?}", bytes.total() >> 20);
    shapes(&index, &maker.words);
    updates(&index, &mut maker, count);
    shapes(&index, &maker.words);
    let bytes = index.bytes(AGENCY);
    println!("rss {:.0} MB, counted {} MB: {bytes:?}", resident() - base, bytes.total() >> 20);
}

fn updates(index: &MemoryIndex, maker: &mut Maker, count: u64) {
    let steps = 50_000_u64;
    let mut times = Vec::new();
    for position in 1..=steps {
        // One in five is a new contact with its conversation; the others write again.
        let new = position.is_multiple_of(5);
        let number = if new { count + position } else { maker.dice.below(count) };
        let fields = new.then(|| Box::new(FieldsChange { before: Fields::default(), after: maker.fields(number) }));
        let columns = Box::new(maker.columns(number, position + 1, START + 30_000_000_000 + position as i64));
        let documents = vec![DocumentChange::Put { columns, fields, messages: vec![maker.message().into()] }];
        let unit = [Arc::new(Unit { position, id: UnitId(Uuid::nil()), at: Time::from_millis(START), events: Vec::new(), documents })];
        let begun = Instant::now();
        let _ = index.apply(AGENCY, &unit);
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    let total: std::time::Duration = times.iter().sum();
    println!("update: mean {:.1?}, p50 {:.1?}, p99 {:.1?}, max {:.1?}", total / steps as u32, at(&times, 50.0), at(&times, 99.0), at(&times, 100.0));
}

fn at(times: &[std::time::Duration], percent: f64) -> std::time::Duration {
    let rank = ((times.len() as f64 * percent / 100.0) as usize).min(times.len().saturating_sub(1));
    times.get(rank).copied().unwrap_or_default()
}

fn shapes(index: &MemoryIndex, words: &[String]) {
    let scope = Scope { brands: Arc::new(BTreeSet::from([BRAND])), own_only: None };
    let basic = Query::new(scope, Time::from_millis(START + 30_000_000_000), 25);
    let source = |number: u128| SourceId(Uuid::from_u128(3 << 100 | number));
    let text = |text: &str| Some(text.to_owned());
    let shown = |rank: usize| words.get(rank).cloned();
    let shapes = [
        ("no filter", basic.clone()),
        ("one source", Query { sources: Some(vec![source(2)]), ..basic.clone() }),
        ("source + direction", Query { sources: Some(vec![source(2)]), direction: Some(Direction::Inbound), ..basic.clone() }),
        ("rare bot", Query { bots: Some(vec![BotId(Uuid::from_u128((4 << 100) + 4500))]), ..basic.clone() }),
        ("common word, latin", Query { text: shown(4), ..basic.clone() }),
        ("common word, cyrillic", Query { text: shown(5), ..basic.clone() }),
        ("common word, chinese", Query { text: shown(7), ..basic.clone() }),
        ("rare word", Query { text: shown(48_000), ..basic.clone() }),
        ("rare word, chinese", Query { text: shown(48_003), ..basic.clone() }),
        ("no such word", Query { text: text("zzzzqqqq"), ..basic.clone() }),
        ("words + filters", Query { text: shown(8), sources: Some(vec![source(1), source(4)]), bot_replies_min: Some(3), ..basic.clone() }),
        (
            "two words",
            Query { text: text(&format!("{} {}", words.first().map_or("", |it| it), words.get(2000).map_or("", |it| it))), ..basic.clone() },
        ),
        ("offset 100k, no filter", Query { page: Page::Offset { offset: count_of(index) / 10, limit: 25 }, ..basic.clone() }),
        (
            "offset 100k, 3 sources",
            Query {
                sources: Some(vec![source(0), source(1), source(2)]),
                page: Page::Offset { offset: count_of(index) / 10, limit: 25 },
                ..basic.clone()
            },
        ),
        (
            "total only, 5 filters",
            Query {
                sources: Some(vec![source(0), source(1), source(2)]),
                direction: Some(Direction::Outbound),
                types: Some(vec![MessageType::Sms]),
                bot_replies_min: Some(2),
                follow_up_scheduled: Some(true),
                page: Page::Offset { offset: 0, limit: 0 },
                ..basic.clone()
            },
        ),
        ("follow-ups ahead", Query { follow_up_scheduled: Some(true), ..basic.clone() }),
        ("prefix of 1", Query { text: text("b"), ..basic.clone() }),
        ("prefix of 2", Query { text: text("ba"), ..basic.clone() }),
        ("prefix of 3", Query { text: text("bac"), ..basic.clone() }),
        ("e-mail", Query { text: text("example7.com"), ..basic.clone() }),
        ("middle of a phone", Query { text: text("55501"), ..basic.clone() }),
        ("by last manual", Query { sort: Sort { by: SortBy::LastManual, descending: true }, ..basic.clone() }),
        ("active within a day", Query { active_from: Some(Time::from_millis(START + 29_913_600_000)), ..basic.clone() }),
        ("own only", Query { scope: Scope { own_only: Some(UserId(Uuid::from_u128(2 << 100 | 3))), ..basic.scope.clone() }, ..basic.clone() }),
    ];
    let only = std::env::args().nth(2);
    for (name, query) in shapes.into_iter().filter(|it| only.as_deref().is_none_or(|only| it.0 == only)) {
        let mut times = Vec::new();
        let mut total = 0;
        for _ in 0..if only.is_some() { 20_000 } else { 200 } {
            let begun = Instant::now();
            total = index.search(AGENCY, &query).total;
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        println!("{name:24} {total:>8} p50 {:>9.1?} p99 {:>9.1?}", at(&times, 50.0), at(&times, 99.0));
    }
}

fn count_of(index: &MemoryIndex) -> usize {
    usize::try_from(index.documents(AGENCY)).unwrap_or_default()
}
