//! Signed webhooks after Standard Webhooks 1.0 (github.com/standard-webhooks/standard-webhooks): the id is the same at
//! every attempt, the time is that of the attempt, and each secret in force signs, so that one can be replaced.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use risk_app::delivery::Receipt;
use risk_app::summary::rfc3339;
use risk_http::{Destination, Reply, Request};
use risk_model::{Code, Timestamp};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::answer::{answered, later, unsent};
use crate::body::AlertBody;
use crate::news::{News, TEST_TEXT};

const NAME: &str = "the webhook";
/// Length of a secret, bytes (24 to 64 in the specification).
const LEAST_SECRET: usize = 24;
const MOST_SECRET: usize = 64;

/// A secret that signs: 24 to 64 bytes. It prints as stars.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret(Vec<u8>);

impl std::str::FromStr for SigningSecret {
    type Err = Code;

    /// `whsec_` and the bytes in base64.
    fn from_str(text: &str) -> Result<Self, Code> {
        let digits = text.strip_prefix("whsec_").ok_or(Code::Malformed)?;
        let bytes = STANDARD.decode(digits).map_err(|_| Code::Malformed)?;
        match bytes.len() {
            LEAST_SECRET..=MOST_SECRET => Ok(Self(bytes)),
            _ => Err(Code::OutOfRange),
        }
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Sends once.
pub(crate) async fn send(
    destination: &Destination,
    secrets: &[SigningSecret],
    news: News<'_>,
    now: Timestamp,
) -> Receipt {
    let (id, body) = (webhook_id(&news), body(news).to_string());
    let signatures = signatures(secrets, &id, now, &body);
    let request = Request::post_bytes("", "application/json", body.into_bytes())
        .header("webhook-id", &id)
        .header("webhook-timestamp", &now.seconds().to_string())
        .header("webhook-signature", &signatures);
    match destination.send(&request).await {
        Ok(reply) => receipt(&reply),
        Err(error) => unsent(&error),
    }
}

/// The specification allows no `.` in an id, which could move the border between id and time in what is signed. The
/// numbers before the channel's name hold no `_`, so no two messages get the same one.
fn webhook_id(news: &News<'_>) -> String {
    format!("msg_{}", news.id().replace('.', "_"))
}

fn body(news: News<'_>) -> Value {
    let (kind, data) = match news {
        News::Happened(message) => {
            let data = json!({"message_id": news.id(), "alert": AlertBody::from(&message.alert)});
            (format!("alert.{}", message.happening), data)
        }
        News::Test { channel, .. } => (
            "channel.test".to_owned(),
            json!({"message_id": news.id(), "channel": channel.as_str(), "message": TEST_TEXT}),
        ),
    };
    json!({"type": kind, "timestamp": rfc3339(news.at()), "data": data})
}

/// `v1,` and the HMAC-SHA256 of `id.time.body` in base64, for each secret, with spaces between.
fn signatures(secrets: &[SigningSecret], id: &str, now: Timestamp, body: &str) -> String {
    let signed = format!("{id}.{}.{body}", now.seconds());
    let sign = |SigningSecret(secret): &SigningSecret| {
        // HMAC takes a key of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
        mac.update(signed.as_bytes());
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    };
    secrets.iter().filter_map(sign).collect::<Vec<_>>().join(" ")
}

/// 2xx is success, 410 asks never to be told again, and anything else (a redirect too, which is not followed) is a
/// failure that may pass: the receiver is somebody's own program, and a bad answer today may be mended tomorrow.
fn receipt(reply: &Reply) -> Receipt {
    match reply.status {
        200..=299 => Receipt::Accepted,
        410 => Receipt::Gone { why: answered(NAME, reply.status) },
        _ => later(NAME, reply),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_base64_of_the_specified_length_with_its_prefix() {
        let of = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![7; bytes])).parse::<SigningSecret>();
        assert!(of(24).is_ok() && of(64).is_ok());
        assert_eq!(of(23), Err(Code::OutOfRange));
        assert_eq!(of(65), Err(Code::OutOfRange));
        for text in ["", "whsec_", "whsec_%%%", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            assert!(text.parse::<SigningSecret>().is_err(), "{text}");
        }
        assert_eq!(format!("{:?}", of(24).unwrap()), "***");
    }

    /// The example of the specification's reference libraries.
    #[test]
    fn the_signature_is_that_of_the_reference_example() {
        let secret: SigningSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().unwrap();
        let now = Timestamp::new(1_614_265_330);
        let signature = signatures(&[secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", now, "{\"test\": 2432232314}");
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
