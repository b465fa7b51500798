//! Texts that receivers have been known to trip over.

use risk_app::delivery::{Message, Receipt};
use risk_model::{Happening, Severity};

use crate::bench::{Bench, message};

const ODD: &str = concat!(
    "quote ' double \" semicolon ; -- %_ \\ NUL \0 newline \n\r\n tab \t emoji 🦀👩‍👩‍👧 ",
    "right-to-left \u{202e}שלום عربى \u{fffd} \u{1b}[31m",
);

const MARKUP: &str = "<!channel> <@U1> <https://evil.example|click> <script>&amp; & *b* _i_ `c` @everyone \
    [click](https://evil.example) ||spoiler|| </b> <b> </code> ```x``` # head > quote";

fn saying(text: &str, happening: Happening, sequence: u32) -> Message {
    let mut message = message(3, sequence, happening, Severity::Critical);
    message.alert.message = text.to_owned();
    message.alert.action = text.to_owned();
    message.alert.account = text.to_owned();
    message.alert.resolution = message.alert.resolution.map(|_| text.to_owned());
    message
}

async fn all_are_taken(bench: &Bench, text: &str) {
    for (happening, sequence) in Happening::ALL.iter().zip(0..) {
        let receipt = bench.send(&saying(text, *happening, sequence)).await;
        assert_eq!(receipt, Receipt::Accepted, "{happening} of {:.40?}", text);
    }
    let count = bench.count().await;
    assert_eq!(count["refused"].as_u64(), Some(0), "{count}");
}

pub(crate) async fn any_text_arrives_within_the_limits(bench: Bench) {
    let texts = [
        String::new(),
        ODD.to_owned(),
        ODD.repeat(2_000),
        "🦀".repeat(50_000),
        "&".repeat(50_000),
        "<".repeat(50_000),
        "\"\\".repeat(50_000),
        "\n".repeat(50_000),
        "*_~`|[]()#@".repeat(5_000),
        "\0".repeat(100),
    ];
    for text in texts {
        all_are_taken(&bench, &text).await;
    }
}

pub(crate) async fn markup_in_a_text_stays_text(bench: Bench) {
    all_are_taken(&bench, MARKUP).await;
    for one in bench.received().await {
        let body = one["text"].as_str().expect("a body");
        match bench.kind.name {
            // Escaped where it would mean something to the receiver.
            "slack" | "telegram" => {
                assert!(
                    !body.contains("<!channel>") && !body.contains("<https") && !body.contains("<script")
                );
                assert!(body.contains("&lt;!channel&gt;"), "{body}");
            }
            "discord" => {
                assert!(!body.contains("[click](") && !body.contains(" @everyone"), "{body}");
                let allowed = one["json"].pointer("/allowed_mentions/parse").and_then(|list| list.as_array());
                assert!(allowed.is_some_and(Vec::is_empty), "{body}");
            }
            // JSON alone: it arrives as it was.
            _ => {}
        }
    }
}

pub(crate) async fn a_huge_message_is_cut_and_still_says_what_to_do(bench: Bench) {
    let mut huge = message(4, 0, Happening::Opened, Severity::High);
    huge.alert.message = "m".repeat(1_000_000);
    assert_eq!(bench.send(&huge).await, Receipt::Accepted);
    let received = bench.received().await;
    let body = received[0]["text"].as_str().expect("a body");
    assert!(body.len() < 20_000, "{}", body.len());
    for part in ["Repay 120.5 USDC", "1.0312", "1.05", "mmm…"] {
        // Discord's markup is escaped with backslashes.
        assert!(body.replace('\\', "").contains(part), "{part} is not in {body:.200}");
    }
}
