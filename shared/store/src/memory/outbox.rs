//! The outbox in memory.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use risk_app::delivery::{
    DeadLetter, Delivery, Message, MessageId, OutboxState, Route, Settlement, SwitchedOff,
};
use risk_app::records::Alert;
use risk_app::stores::{Outbox, StoreError};
use risk_app::traces::KeptMessage;
use risk_model::{ChannelId, Happening, Timestamp, Wallet};

use super::{MemoryStore, Shelves, counted};
use crate::{KEPT_DEAD_LETTERS, SHOWN_DEAD_LETTERS, transition};

/// By channel, alert and sequence, so that the messages of one alert to one channel lie in order beside each other.
pub(super) type Waiting = BTreeMap<(ChannelId, u64, u32), Letter>;

/// A message that waits.
pub(super) struct Letter {
    delivery: Delivery,
    /// Not before; a taker moves it to the end of its time.
    due: Timestamp,
    /// Why the last attempt failed.
    why: Option<String>,
}

/// A message that was given up.
pub(super) struct GivenUp {
    letter: DeadLetter,
    message: Message,
}

fn place(id: &MessageId) -> (ChannelId, u64, u32) {
    (id.channel.clone(), id.alert, id.sequence)
}

fn newest_first(GivenUp { letter, .. }: &GivenUp) -> impl Ord + use<> {
    Reverse((letter.at, letter.id.alert, letter.id.sequence))
}

impl Shelves {
    /// Keeps the messages that tell what just happened to an alert.
    pub(super) fn tell(&mut self, alert: &Alert, happening: Happening, (at, routes): (Timestamp, &[Route])) {
        for channel in transition::told_to(alert, routes) {
            let id = MessageId {
                alert: alert.id,
                sequence: alert.told.saturating_sub(1),
                channel: channel.clone(),
            };
            let message = Message { id, happening, alert: alert.clone(), at };
            let place = place(&message.id);
            let delivery = Delivery { message, attempts: 0 };
            self.waiting.insert(place, Letter { delivery, due: at, why: None });
        }
    }

    fn settle(&mut self, at: Timestamp, id: &MessageId, settlement: &Settlement) {
        let place = place(id);
        match settlement {
            Settlement::Delivered => {
                self.waiting.remove(&place);
            }
            Settlement::Held { at, why } | Settlement::Again { at, why } => {
                if let Some(letter) = self.waiting.get_mut(&place) {
                    letter.due = *at;
                    letter.why = Some(why.clone());
                    letter.delivery.attempts += u32::from(matches!(settlement, Settlement::Again { .. }));
                }
            }
            Settlement::Dead { why } => {
                if let Some(Letter { delivery, .. }) = self.waiting.remove(&place) {
                    let attempts = delivery.attempts + 1;
                    let letter = DeadLetter { id: id.clone(), attempts, at, why: why.clone() };
                    self.dead.push(GivenUp { letter, message: delivery.message });
                }
            }
        }
    }

    /// The messages of a wallet that wait or were given up, in the order of alert, channel and sequence.
    pub(super) fn messages_of(&self, wallet: Wallet) -> Vec<KeptMessage> {
        let waiting = self.waiting.values().map(|letter| KeptMessage {
            message: letter.delivery.message.clone(),
            attempts: letter.delivery.attempts,
            due: Some(letter.due),
            given_up_at: None,
            why: letter.why.clone(),
        });
        let dead = self.dead.iter().map(|GivenUp { letter, message }| KeptMessage {
            message: message.clone(),
            attempts: letter.attempts,
            due: None,
            given_up_at: Some(letter.at),
            why: Some(letter.why.clone()),
        });
        let of_wallet = |kept: &KeptMessage| kept.message.alert.wallet == wallet;
        let mut messages: Vec<_> = waiting.chain(dead).filter(of_wallet).collect();
        messages.sort_by_key(|kept| {
            (kept.message.id.alert, kept.message.id.channel.clone(), kept.message.id.sequence)
        });
        messages
    }

    /// Removes every message of these wallets; answers how many there were.
    pub(super) fn drop_messages(&mut self, wallets: &BTreeSet<Wallet>) -> u64 {
        let before = self.waiting.len() + self.dead.len();
        self.waiting.retain(|_, letter| !wallets.contains(&letter.delivery.message.alert.wallet));
        self.dead.retain(|one| !wallets.contains(&one.message.alert.wallet));
        counted(before - self.waiting.len() - self.dead.len())
    }
}

#[async_trait]
impl Outbox for MemoryStore {
    async fn due_channels(&self, now: Timestamp) -> Result<Vec<ChannelId>, StoreError> {
        let shelves = self.shelves()?;
        let due = shelves.waiting.iter().filter(|(_, letter)| letter.due <= now);
        let mut channels: Vec<ChannelId> = due.map(|((channel, ..), _)| channel.clone()).collect();
        channels.dedup();
        Ok(channels)
    }

    async fn take(
        &self,
        channel: &ChannelId,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut shelves = self.shelves()?;
        let mut before = None;
        let mut due: Vec<_> = shelves
            .waiting
            .iter_mut()
            .filter(|((of, ..), _)| of == channel)
            .filter(|((_, alert, _), _)| before.replace(*alert) != Some(*alert))
            .filter(|(_, letter)| letter.due <= now)
            .map(|((_, alert, _), letter)| (letter.due, *alert, letter))
            .collect();
        due.sort_by_key(|(due, alert, _)| (*due, *alert));
        due.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let hold = |(_, _, letter): (Timestamp, u64, &mut Letter)| {
            letter.due = until;
            letter.delivery.clone()
        };
        Ok(due.into_iter().map(hold).collect())
    }

    async fn settle(&self, at: Timestamp, settled: &[(MessageId, Settlement)]) -> Result<(), StoreError> {
        let mut shelves = self.shelves()?;
        for (id, settlement) in settled {
            shelves.settle(at, id, settlement);
        }
        shelves.dead.sort_by_key(newest_first);
        shelves.dead.truncate(usize::try_from(KEPT_DEAD_LETTERS).unwrap_or(usize::MAX));
        Ok(())
    }

    async fn outbox(&self) -> Result<OutboxState, StoreError> {
        let shelves = self.shelves()?;
        let shown = usize::try_from(SHOWN_DEAD_LETTERS).unwrap_or(usize::MAX);
        Ok(OutboxState {
            waiting: counted(shelves.waiting.len()),
            oldest: shelves.waiting.values().map(|letter| letter.delivery.message.at).min(),
            dead: counted(shelves.dead.len()),
            dead_letters: shelves.dead.iter().take(shown).map(|one| one.letter.clone()).collect(),
        })
    }

    async fn switched_off(&self) -> Result<Vec<SwitchedOff>, StoreError> {
        Ok(self.shelves()?.channels_off.values().cloned().collect())
    }

    async fn switch_off(&self, channel: &SwitchedOff) -> Result<(), StoreError> {
        self.shelves()?.channels_off.entry(channel.channel.clone()).or_insert_with(|| channel.clone());
        Ok(())
    }

    async fn switch_on(&self, channel: &ChannelId) -> Result<(), StoreError> {
        self.shelves()?.channels_off.remove(channel);
        Ok(())
    }
}
