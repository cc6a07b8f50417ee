//! SQLite passes the suite, and what is only so of SQLite.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use leadwire_core::entity::SourceCount;
use leadwire_core::id::SourceId;
use leadwire_core::port::{Failure, Fault};

use super::bed::{Engine, add_person, agency, count, say, uuid};
use super::{Bed, Faulty, Plan, cases};
use crate::sqlite::Writer;
use crate::wait::wait;
use crate::{OpenError, Options, Store, store};

struct Sqlite {
    dir: tempfile::TempDir,
    /// Pages the database may have.
    pages_max: Arc<AtomicI64>,
}

const NO_LIMIT: i64 = 0xffff_fffe;

fn sqlite() -> Sqlite {
    Sqlite { dir: tempfile::tempdir().unwrap(), pages_max: Arc::new(AtomicI64::new(NO_LIMIT)) }
}

impl Engine for Sqlite {
    fn open(&self, options: Options, plan: Arc<Plan>) -> Arc<Store> {
        let pages = Arc::clone(&self.pages_max);
        let before = Box::new(move |writer: &Writer| {
            writer.connection().pragma_update_and_check(None, "max_page_count", pages.load(Ordering::Relaxed), |_| Ok(())).unwrap();
        });
        store::open(options, |inner| Faulty { inner, plan, before }).unwrap()
    }

    fn dir(&self) -> PathBuf {
        self.dir.path().join("data")
    }
}

cases! {
    super::sqlite();
    group::{
        a_group_commits_once_and_each_unit_sees_those_before_it,
        several_agencies_in_one_group_keep_to_themselves,
        a_poison_unit_at_each_of_64_positions_fails_alone,
        a_value_that_cannot_be_written_fails_alone,
        a_command_that_panics_fails_alone,
        a_refusal_leaves_nothing_and_sees_what_came_before_it,
        a_group_of_refusals_writes_nothing,
        a_command_that_asked_early_is_run_again_whatever_it_gave,
        a_command_that_never_has_enough_fails_alone,
        a_full_queue_turns_away_and_a_closed_one_too,
        what_is_queued_when_the_store_closes_is_done_and_answered,
        a_deadlock_is_tried_again_and_nobody_notices,
    }
    order::{
        now_never_goes_back_even_when_the_clock_does,
        a_group_has_one_now,
        lead_numbers_have_no_holes,
        configuration_is_seen_by_the_next_unit_of_the_group_and_by_whoever_is_answered,
        configuration_that_was_refused_or_failed_is_never_seen,
        versions_rise_by_one_with_each_change,
        ids_are_the_same_on_every_rerun_and_differ_between_units,
    }
    lost::{
        a_commit_that_happened_though_its_answer_was_lost_counts_once,
        a_commit_that_did_not_happen_is_done_again,
        lost_and_lost_again_counts_once,
        configuration_of_a_lost_commit_is_seen,
        a_full_disk_at_commit_fails_the_group_and_no_later_one,
        a_failed_sync_stops_everything_and_acknowledges_nothing,
        an_engine_that_is_away_answers_unavailable_and_comes_back,
    }
    keep::{
        a_restart_gives_the_same_rows_configuration_and_feed,
        the_index_built_anew_equals_the_one_that_followed,
        an_index_that_fell_behind_follows_from_the_feed,
        a_row_read_is_never_older_than_the_last_answer,
        a_group_loads_what_is_cached_as_it_stands,
        what_was_loaded_in_bulk_is_there_like_any_other,
    }
    range::{
        messages_are_paged_newest_first,
        leads_are_found_by_every_filter,
        sweeping_messages_takes_those_stored_and_those_of_the_group,
        receipts_go_when_they_have_expired,
        the_oldest_dead_letters_make_room,
        the_feed_is_paged_and_its_beginning_goes_after_its_time,
    }
    same::{ a_random_history_has_the_same_outcome_in_memory_and_in_the_engine }
}

#[test]
fn a_full_disk_fails_writes_until_there_is_room_again() {
    let engine = sqlite();
    let bed = Bed::new(&engine);
    bed.run(agency(1), add_person(1)).unwrap();
    engine.pages_max.store(1, Ordering::Relaxed);
    let text = "x".repeat(60_000);
    let mut full = 0;
    for _ in 0..3 {
        match bed.run(agency(1), say(1, &text)) {
            Err(Failure::Fault(Fault::Full)) => full += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(full, 3);
    assert_eq!(bed.store.stats().full.get(), 3);
    engine.pages_max.store(NO_LIMIT, Ordering::Relaxed);
    bed.run(agency(1), say(1, &text)).unwrap();
    assert_eq!(bed.feed(agency(1)).len(), 2);
    bed.check_feed(agency(1));
    assert!(bed.fatal.lock().is_empty());
    wait(bed.port().check()).unwrap();
}

#[test]
fn a_data_directory_belongs_to_one_store_at_a_time() {
    let engine = sqlite();
    let bed = Bed::new(&engine);
    let options = Options::new(engine.dir(), bed.clock.clone(), Arc::new(super::bed::TestChance::default()), bed.index.clone());
    assert!(matches!(crate::open(options.clone()), Err(OpenError::InUse(_))));
    bed.store.close();
    crate::open(options).unwrap().close();
}

#[test]
fn the_wal_stays_small_under_writes_and_is_gone_after_closing() {
    let engine = sqlite();
    let bed = Bed::tuned(&engine, |it| it.durable = false);
    for n in 0..100 {
        bed.run(agency(1), add_person(n)).unwrap();
    }
    let text = "x".repeat(60_000);
    let mut most = 0;
    for _ in 0..40 {
        let started: Vec<_> = (0..100).map(|n| bed.start(agency(1), say(n, &text))).collect();
        for it in started {
            it.end().unwrap();
        }
        most = most.max(bed.store.stats().wal_bytes.get());
    }
    // Half a gigabyte went through it.
    assert!(most > 32 << 20 && most < 192 << 20, "{most}");
    bed.store.close();
    let wal = engine.dir().join("leadwire.db-wal");
    assert!(!wal.exists() || std::fs::metadata(wal).unwrap().len() == 0);
}

#[test]
fn rows_of_a_group_are_read_in_statements_that_use_the_key() {
    let engine = sqlite();
    let bed = Bed::new(&engine);
    bed.run(agency(1), count(SourceId(uuid(1)))).unwrap();
    assert!(bed.row::<SourceCount>(agency(1), &SourceId(uuid(1))).is_some());
    bed.store.close();
    let conn = rusqlite::Connection::open(crate::sqlite::path(&engine.dir())).unwrap();
    for sql in crate::statement::every_statement() {
        let mut plan = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let mut rows = plan.raw_query();
        let mut steps: Vec<String> = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            steps.push(row.get(3).unwrap());
        }
        for step in steps {
            let fine = !step.starts_with("SCAN") || step.contains("CONSTANT ROW") || step.contains("VALUES CLAUSE") || step == "SCAN k";
            assert!(fine, "{step} in {sql}");
        }
    }
}
