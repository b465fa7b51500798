//! One contract suite for every store: each case runs against memory, a SQLite file and a MongoDB database, those of
//! quotas against memory and a Redis, those of events against memory, SQLite and Redis.

#![cfg(test)]

mod alerts;
mod api_keys;
mod assessments;
mod backup;
mod cache;
mod closes;
mod database;
mod events;
mod file;
mod memories;
mod mongo_backup;
mod outbox;
mod queries;
mod quota;
mod races;
mod redis_faults;
mod samples;
mod server_faults;
mod sweeps;
mod transitions;
mod wallets;
mod watches;

use std::path::PathBuf;
use std::sync::Arc;

use risk_app::stores::Store;
use risk_store::{HistoryReads, MemoryStore, MongoStore, SqliteStore};
use tempfile::TempDir;

/// A fresh SQLite file that goes with the test.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    /// Where the file is, or will be; its folder does not exist before the first use.
    fn file(&self) -> PathBuf {
        self.0.path().join("data").join("risk.db")
    }

    /// A store on the file: another one each time, as another process would have.
    fn store(&self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::new(self.file()))
    }
}

/// A store on a database of MongoDB; `None`, and said so, where no server is installed.
async fn mongo() -> Option<Arc<dyn Store>> {
    let (uri, name) = risk_tests::mongo::database().await.expect("the server")?;
    Some(Arc::new(MongoStore::new(&uri, &name, HistoryReads::default()).expect("an address")))
}

/// Makes three tests of each case, which is `async fn(Arc<dyn Store>)` over an empty store.
macro_rules! hold_every_store_to {
    ($($group:ident: $($case:ident),+;)+) => {
        mod memory {
            use super::*;
            $(mod $group {
                use super::*;
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $case() {
                    crate::$group::$case(Arc::new(MemoryStore::new())).await;
                })+
            })+
        }
        mod sqlite {
            use super::*;
            $(mod $group {
                use super::*;
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $case() {
                    let folder = Folder::new();
                    crate::$group::$case(folder.store()).await;
                })+
            })+
        }
        mod mongodb {
            use super::*;
            $(mod $group {
                use super::*;
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $case() {
                    let Some(store) = mongo().await else { return };
                    crate::$group::$case(store).await;
                })+
            })+
        }
    };
}

hold_every_store_to! {
    watches:
        a_watch_reads_back_as_it_was_put,
        putting_again_changes_everything_but_the_beginning,
        removing_answers_how_many_were_there,
        finding_answers_each_watched_wallet_once,
        pages_go_through_the_list_in_the_order_of_the_address,
        pages_skip_nothing_that_stands_while_others_write,
        thousands_of_wallets_go_in_one_call;
    assessments:
        an_assessment_reads_back_as_it_was_committed,
        an_older_assessment_never_replaces_a_newer_one,
        of_two_of_the_same_second_the_later_commit_stays,
        an_uninformative_assessment_is_the_latest_but_never_the_last_known,
        a_late_informative_assessment_is_known_though_not_the_latest,
        odd_text_and_a_large_body_come_back_byte_for_byte,
        a_score_that_is_no_number_comes_back_as_none,
        tokens_are_replaced_as_a_whole_and_never_by_older_ones,
        markets_are_kept_chain_by_chain_and_never_replaced_by_older_ones,
        a_batch_of_thousands_is_one_commit;
    memories:
        a_memory_reads_back_to_the_last_bit_and_is_none_where_none_was_kept,
        an_older_memory_never_replaces_a_newer_one,
        thousands_of_memories_are_one_commit;
    transitions:
        opening_gives_an_alert_with_every_figure,
        opening_what_already_stands_changes_nothing,
        opening_twice_in_one_batch_opens_once,
        identities_differ_by_wallet_account_and_kind,
        escalating_raises_in_place_and_never_lowers,
        escalating_an_acknowledged_alert_keeps_it_acknowledged,
        refreshing_changes_figures_and_not_severity,
        resolving_by_transition_happens_once,
        transitions_of_resolved_or_unknown_alerts_change_nothing,
        reopening_after_resolve_gives_a_new_id;
    alerts:
        nothing_is_answered_where_nothing_is,
        acknowledging_happens_once,
        resolving_happens_once_and_keeps_the_first_words,
        a_resolved_alert_is_not_acknowledged,
        standing_alerts_are_those_not_resolved_by_id,
        each_filter_keeps_what_it_names_and_counts_it,
        the_count_is_of_all_matches_and_not_of_the_page,
        pages_stay_stable_while_alerts_open;
    outbox:
        every_happening_is_told_in_order_as_the_alert_was_then,
        what_changes_nothing_tells_nothing,
        a_channel_hears_of_its_severities_only_and_of_their_end,
        what_is_taken_waits_for_its_taker_and_comes_back_when_that_one_is_gone,
        a_message_is_tried_again_later_and_given_up_in_the_end,
        a_dead_message_holds_up_no_later_one,
        a_channel_is_switched_off_once_and_on_again,
        fifty_takers_share_every_message_once;
    closes:
        closes_read_back_to_the_last_bit,
        putting_closes_again_replaces_them,
        hourly_closes_read_back_and_are_replaced_beside_the_daily_ones;
    api_keys:
        a_key_reads_back_as_it_was_put,
        putting_the_same_hash_replaces_the_key,
        touching_moves_the_last_use_forward_only,
        an_unknown_hash_is_nobody;
    sweeps:
        reports_come_newest_first,
        only_the_newest_thousand_reports_are_kept,
        a_lease_keeps_a_second_sweep_out_until_it_runs_out,
        a_holder_renews_its_own_lease,
        only_the_holder_releases,
        a_pass_goes_on_where_the_last_run_of_it_ended,
        what_a_run_writes_after_it_lost_its_lease_is_refused_as_a_whole,
        a_run_goes_on_after_exactly_what_the_last_one_wrote,
        a_lane_is_paged_within_its_shard;
    wallets:
        traces_are_what_no_other_port_tells,
        a_message_tells_how_its_attempts_went,
        erasing_leaves_nothing_of_a_wallet_and_everything_of_the_others,
        what_was_erased_may_begin_anew_and_its_ids_are_not_given_again,
        thousands_of_wallets_are_erased_in_one_act;
    races:
        fifty_writers_of_one_identity_open_one_alert,
        fifty_takers_of_the_lease_are_one_holder,
        acknowledging_and_resolving_at_once_ends_resolved,
        fifty_escalations_at_once_are_told_once;
}
