//! One contract suite for every channel: each case runs against the sandbox's receiver of each kind, over real HTTP.

#![cfg(test)]

mod bench;
mod event_bridge;
mod happenings;
mod odd_text;
mod payloads;
mod receipts;
mod secrecy;

use bench::{Bench, Kind};

/// Makes a test of each case for each kind, which is `async fn(Bench)` over a receiver that has taken nothing.
macro_rules! hold_every_channel_to {
    (of [$($kind:ident)+] $cases:tt) => {
        $(hold_every_channel_to! { one $kind $cases })+
    };
    (one $kind:ident { $($group:ident: $($case:ident),+;)+ }) => {
        mod $kind {
            use super::*;
            $(mod $group {
                use super::*;
                $(#[tokio::test]
                async fn $case() {
                    crate::$group::$case(Bench::start(Kind::named(stringify!($kind))).await).await;
                })+
            })+
        }
    };
}

hold_every_channel_to! { of [slack pager_duty webhook discord telegram] {
    happenings:
        every_happening_of_every_severity_arrives_within_the_limits,
        what_has_no_message_is_accepted_without_a_request,
        a_message_that_is_sent_again_is_seen_to_be_the_same,
        a_test_says_that_it_is_one,
        a_channel_of_another_name_is_gone;
    receipts:
        a_429_is_later_and_says_when,
        a_500_is_later,
        a_receiver_that_hangs_is_left_in_time_and_delays_nobody,
        a_connection_that_breaks_is_later_though_the_message_came,
        a_success_with_an_error_inside_is_no_success,
        refused_credentials_are_what_the_kind_says,
        a_destination_that_is_gone_is_gone,
        nobody_listening_is_later;
    odd_text:
        any_text_arrives_within_the_limits,
        markup_in_a_text_stays_text,
        a_huge_message_is_cut_and_still_says_what_to_do;
    secrecy:
        no_secret_is_shown_whatever_is_answered;
} }
