//! `GET /api/risk/stream`: what happens to the principal's wallets, as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event as Line, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use futures::stream::unfold;
use risk_app::events::{Event, Heard};
use risk_model::Wallet;
use risk_model::request::StreamRequest;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::caller::Caller;
use crate::input::query;
use crate::problem::{Kind, Problem, Refusals};
use crate::state::Api;
use crate::streams::Seat;

/// How long a client waits before it connects again.
const RETRY: Duration = Duration::from_secs(5);
/// How often a stream on which nothing happens says that it is there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// A stream ends after this long, so that a key that was taken back does not hear on for ever.
const LONGEST: Duration = Duration::from_secs(3_600);

/// What happens to wallets, as it happens.
///
/// `event:` is `alert_opened`, `alert_escalated`, `alert_acknowledged`, `alert_resolved` (`data:` is the alert, as
/// `/api/risk/alerts` answers it), `assessed` (its main figures), or `missed`: something was lost, so read anew what you
/// show. A client that connects again (`Last-Event-ID`) hears `missed` first. A comment every 15 s keeps the connection; it
/// ends after an hour. Not on Lambda, where an answer ends with its request: 501.
#[utoipa::path(
    get,
    path = "/api/risk/stream",
    tag = "alerts",
    params(("wallet" = Option<String>, Query, description = "only this wallet's; every wallet's that the key may see")),
    responses(
        (status = 200, description = "Events", body = String, content_type = "text/event-stream"),
        (status = 501, description = "Not on this host", body = crate::ProblemBody, content_type = "application/problem+json"),
        Refusals
    ),
    security(("api_key" = []))
)]
pub(crate) async fn listen(
    State(api): State<Arc<Api>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let asked = StreamRequest::parse(query(request.uri()))?;
    let wallets = match asked.wallet {
        Some(wallet) => {
            caller.admit(&api, wallet).await?;
            Some(vec![wallet])
        }
        None => caller.admit_all(&api).await?,
    };
    let Some(streams) = &api.settings.streams else {
        let detail = "this host ends each answer with its request; ask a container, or read /api/risk/alerts";
        return Err(Problem::new(Kind::NotOffered, detail));
    };
    let seat = api.streams.take(streams, caller.principal_id())?;
    let listener = api.service.events().subscribe().await?;
    let hearing = Hearing {
        listener,
        wallets,
        closing: streams.closing.clone(),
        until: Instant::now() + LONGEST,
        told: 0,
        first: Some(is_back(request.headers())),
        _seat: seat,
    };
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    // Proxies that gather answers would keep an event until the next ones fill their buffer.
    let headers = [("cache-control", "no-store"), ("x-accel-buffering", "no")];
    Ok((headers, Sse::new(lines(hearing)).keep_alive(keep_alive)).into_response())
}

/// Whether the client heard a stream before, and may have missed what came between.
fn is_back(headers: &HeaderMap) -> bool {
    headers.contains_key("last-event-id")
}

/// One listening client.
struct Hearing {
    listener: Receiver<Heard>,
    /// Every wallet where `None`.
    wallets: Option<Vec<Wallet>>,
    closing: watch::Receiver<bool>,
    until: Instant,
    told: u64,
    /// Until the stream has begun: whether the client was there before.
    first: Option<bool>,
    _seat: Seat,
}

fn lines(hearing: Hearing) -> impl Stream<Item = Result<Line, Infallible>> {
    unfold(hearing, async |mut hearing| {
        let line = hearing.next().await?;
        Some((Ok(line), hearing))
    })
}

impl Hearing {
    /// The next line; none where the stream ends.
    async fn next(&mut self) -> Option<Line> {
        match self.first.take() {
            Some(true) => return Some(self.missed().retry(RETRY)),
            Some(false) => return Some(Line::default().comment("listening").retry(RETRY)),
            None => {}
        }
        loop {
            let heard = tokio::select! {
                heard = self.listener.recv() => heard,
                _ = self.closing.wait_for(|is_closing| *is_closing) => return None,
                () = sleep_until(self.until) => return None,
            };
            match heard {
                Ok(Heard::Event(event)) if self.concerns(&event) => return Some(self.line(&event)),
                Ok(Heard::Event(_)) => {}
                Ok(Heard::Missed) | Err(RecvError::Lagged(_)) => return Some(self.missed()),
                Err(RecvError::Closed) => return None,
            }
        }
    }

    fn concerns(&self, event: &Event) -> bool {
        self.wallets.as_ref().is_none_or(|wallets| wallets.contains(&event.wallet))
    }

    fn line(&mut self, event: &Event) -> Line {
        self.numbered().event(event.kind.name()).data(&event.data)
    }

    fn missed(&mut self) -> Line {
        self.numbered().event("missed").data("{}")
    }

    /// Its number within this stream, by which a client shows that it was there before.
    fn numbered(&mut self) -> Line {
        self.told += 1;
        Line::default().id(self.told.to_string())
    }
}
