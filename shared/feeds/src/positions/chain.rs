//! One chain: the newest block, then everything of every wallet at that block, then the subgraph.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{Either, join_all, select};
use risk_app::ports::Depth;
use risk_engine::aave;
use risk_engine::lending::Account;
use risk_engine::position::{Block, LendingAccount, Provenance};
use risk_model::{GapReason, Protocol, Timestamp, Wallet};
use tokio::time::timeout;

use super::reader::{Reader, Source};
use super::tokens::{Lists, Seen, TokenAnswers, TokenPlan, discover};
use super::{ChainPositions, Part, Wanted, gap};
use crate::alchemy::{Endpoint, Group, ListFault, Marks, ReadFault, TokenList};
use crate::gaps::last_success;
use crate::json_rpc::Fault;
use crate::markets::market_of;
use crate::the_graph::{IndexFault, IndexedAccounts};

/// Longest read of a chain's contracts for a question that somebody waits for.
const DISCOVER_LIMIT: Duration = Duration::from_secs(15);
/// Longest read of a chain's contracts in a sweep.
const KNOWN_LIMIT: Duration = Duration::from_secs(45);
/// Longest wait for the subgraph to confirm what the contracts already said.
const CONFIRMATION_LIMIT: Duration = Duration::from_secs(2);
/// Requests that a read may take at one block: each asks what the answers before led to.
const ROUNDS: usize = 5;
/// Times that a block may vanish under a read.
const ATTEMPTS: usize = 2;

type TokenLists = Option<Vec<Result<TokenList, ListFault>>>;

/// By source, and then by query.
type Histories = Vec<Option<Vec<Result<Marks, GapReason>>>>;

type Readers<'a> = Vec<Box<dyn Reader + 'a>>;

/// What was read of a chain at one block.
struct Read<'a> {
    block: Block,
    readers: Readers<'a>,
    tokens: Option<(TokenPlan, TokenAnswers)>,
}

impl ChainPositions {
    /// One part for each wallet, in order.
    pub(super) async fn read_chain(&self, wanted: Wanted<'_>) -> Vec<Part> {
        let market = market_of(wanted.chain);
        let wallets = distinct(wanted.queries.iter().map(|query| query.wallet));
        let contracts = Box::pin(self.read_contracts(wanted));
        if !wanted.wants(Protocol::AaveV3) {
            return contracts.await;
        }
        let (mut parts, indexed) = match wanted.depth {
            Depth::Known { .. } => (contracts.await, None),
            Depth::Discover => {
                let index = Box::pin(self.graph.accounts(&market, &wallets));
                both(contracts, index).await
            }
        };
        let unread = wanted.queries.iter().zip(&parts).filter(|(_, part)| !part.is_account_known);
        let unread = distinct(unread.map(|(query, _)| query.wallet));
        let indexed = match indexed {
            None if unread.is_empty() => return parts,
            None => self.graph.accounts(&market, &unread).await,
            Some(indexed) => indexed,
        };
        self.compare(wanted, &mut parts, indexed);
        parts
    }

    /// Everything from the contracts, or the gaps of their absence.
    async fn read_contracts(&self, wanted: Wanted<'_>) -> Vec<Part> {
        let sources = self.sources(wanted.chain);
        let Some(endpoint) = self.alchemy.endpoint(wanted.chain) else {
            return unread(wanted, sources, GapReason::NotConfigured, None);
        };
        let limit = match wanted.depth {
            Depth::Discover => DISCOVER_LIMIT,
            Depth::Known { .. } => KNOWN_LIMIT,
        };
        let read = timeout(limit, self.read_blocks(endpoint, wanted, sources)).await;
        let now = self.clock.now();
        let seen = Seen { now, last_success: last_success(endpoint.upstream(), now) };
        match read.unwrap_or(Err(ReadFault::TooLong)) {
            Ok(read) => parts(wanted, read, seen),
            Err(fault) => {
                tracing::warn!(chain = %wanted.chain, %fault, "the chain could not be read");
                unread(wanted, sources, fault.reason(), seen.last_success)
            }
        }
    }

    /// Reads at the newest block, and once more at a newer one where it vanished under the read.
    async fn read_blocks<'a>(
        &self,
        endpoint: &Endpoint,
        wanted: Wanted<'a>,
        sources: &'a [Box<dyn Source>],
    ) -> Result<Read<'a>, ReadFault> {
        let mut known: Option<(TokenLists, Histories)> = None;
        let mut fault = ReadFault::BlockGone;
        for _ in 0..ATTEMPTS {
            let (head, (lists, histories)) = tokio::join!(self.head(endpoint, wanted, sources), async {
                match known.take() {
                    Some(known) => known,
                    None => tokio::join!(
                        discover(endpoint, wanted, sources),
                        look_back(endpoint, wanted, sources)
                    ),
                }
            });
            let read = match head {
                Ok((block, mut readers)) => {
                    for (reader, found) in readers.iter_mut().zip(&histories) {
                        found.iter().for_each(|found| reader.discovered(found));
                        lists.iter().for_each(|lists| reader.listed(lists));
                    }
                    read_at(endpoint, wanted, block, readers, lists.as_deref()).await
                }
                Err(fault) => Err(fault),
            };
            known = Some((lists, histories));
            match read {
                Err(ReadFault::BlockGone) => fault = ReadFault::BlockGone,
                other => return other,
            }
        }
        Err(fault)
    }

    /// The newest block, and every protocol's read of it begun: with what was learned before, or from hints asked
    /// with it.
    async fn head<'a>(
        &self,
        endpoint: &Endpoint,
        wanted: Wanted<'a>,
        sources: &'a [Box<dyn Source>],
    ) -> Result<(Block, Readers<'a>), ReadFault> {
        let questions: Vec<_> = sources.iter().map(|source| source.hints()).collect();
        let now = self.clock.now();
        if let Depth::Known { since } = wanted.depth
            && questions.iter().all(Vec::is_empty)
            && let Some(block) = endpoint.shared_head(since, now)
        {
            return Ok((block, sources.iter().map(|source| source.begin(wanted, &[])).collect()));
        }
        let head = endpoint.head(&questions.concat(), now).await?;
        let mut hints = head.hints.iter().map(|hint| hint.as_ref().ok().cloned());
        let readers = sources.iter().zip(&questions).map(|(source, questions)| {
            let hints: Vec<_> = hints.by_ref().take(questions.len()).collect();
            source.begin(wanted, &hints)
        });
        Ok((head.block, readers.collect()))
    }

    /// Holds what the contracts said against the subgraph, and falls back on it where they said nothing.
    fn compare(&self, wanted: Wanted<'_>, parts: &mut [Part], indexed: Result<IndexedAccounts, IndexFault>) {
        let chain = wanted.chain;
        let indexed = match indexed {
            Ok(indexed) => indexed,
            Err(fault) => {
                tracing::warn!(%chain, %fault, "the subgraph could not be read");
                let since = self.graph.last_success();
                let is_asked = |part: &&mut Part| wanted.depth == Depth::Discover || !part.is_account_known;
                for part in parts.iter_mut().filter(is_asked) {
                    part.gaps.push(gap::confirmation(chain, fault.reason(), since));
                }
                return;
            }
        };
        for (query, part) in wanted.queries.iter().zip(parts) {
            let position = indexed.positions.get(&query.wallet);
            if indexed.unreadable.contains(&query.wallet) {
                part.gaps.push(gap::confirmation(chain, GapReason::Malformed, None));
            } else if !part.is_account_known {
                part.readings.push(gap::indexed(chain, indexed.market.block));
                part.accounts.extend(position.map(|position| LendingAccount {
                    account: Account::Aave(aave::Account {
                        market: Arc::clone(&indexed.market),
                        position: position.clone(),
                    }),
                    provenance: Provenance::Subgraph,
                }));
            } else if position.is_some() && !part.accounts.iter().any(is_of_v3) {
                part.gaps.push(gap::confirmation(chain, GapReason::Divergent, None));
            } else if wanted.depth == Depth::Discover {
                part.readings.push(gap::indexed(chain, indexed.market.block));
            }
        }
    }
}

/// Whether it is an account of the market that the subgraph indexes.
fn is_of_v3(account: &LendingAccount) -> bool {
    matches!(&account.account, Account::Aave(account) if account.market.protocol == Protocol::AaveV3)
}

/// Asks for the wallets' histories with each protocol that has one; none at the depth that does not discover.
async fn look_back(endpoint: &Endpoint, wanted: Wanted<'_>, sources: &[Box<dyn Source>]) -> Histories {
    let wallets: Vec<Wallet> = wanted.queries.iter().map(|query| query.wallet).collect();
    let asked = sources.iter().map(|source| async {
        let is_wanted = wanted.depth == Depth::Discover && wanted.wants(source.protocol());
        let history = source.history().filter(|_| is_wanted)?;
        Some(match endpoint.markets_of(history, &wallets).await {
            Ok(found) => found.into_iter().map(Ok).collect(),
            Err(fault) => {
                tracing::warn!(chain = %wanted.chain, protocol = %source.protocol(), %fault, "no history");
                vec![Err(fault.reason()); wallets.len()]
            }
        })
    });
    join_all(asked).await
}

/// Awaits contracts and subgraph side by side. Once the contracts told everything, the subgraph can only confirm
/// it, and nobody waits long for that.
async fn both(
    contracts: impl Future<Output = Vec<Part>> + Unpin,
    index: impl Future<Output = Result<IndexedAccounts, IndexFault>> + Unpin,
) -> (Vec<Part>, Option<Result<IndexedAccounts, IndexFault>>) {
    match select(contracts, index).await {
        Either::Right((indexed, contracts)) => (contracts.await, Some(indexed)),
        Either::Left((parts, index)) if parts.iter().all(|part| part.is_account_known) => {
            let indexed = timeout(CONFIRMATION_LIMIT, index).await.unwrap_or(Err(IndexFault::TooLong));
            (parts, Some(indexed))
        }
        Either::Left((parts, index)) => (parts, Some(index.await)),
    }
}

/// Everything at one block: one request, and more only for what its answers lead to.
async fn read_at<'a>(
    endpoint: &Endpoint,
    wanted: Wanted<'_>,
    block: Block,
    mut readers: Readers<'a>,
    lists: Option<Lists<'_>>,
) -> Result<Read<'a>, ReadFault> {
    let plan = wanted.wants_tokens().then(|| TokenPlan::new(wanted, lists));
    let mut tokens = None;
    for round in 0..ROUNDS {
        let asked: Vec<Vec<Group>> = readers.iter_mut().map(|reader| reader.ask()).collect();
        let of_tokens = plan.as_ref().filter(|_| round == 0).map(TokenPlan::groups);
        let groups: Vec<&Group> = asked.iter().flatten().chain(of_tokens.iter().flatten()).collect();
        if groups.is_empty() {
            break;
        }
        let answers = match endpoint.read_at(block.hash, &groups).await {
            Ok(answers) => answers,
            Err(ReadFault::BlockGone) => return Err(ReadFault::BlockGone),
            Err(fault) if round == 0 => return Err(fault),
            // What was answered before stands; what this round was to tell stays open.
            Err(_) => groups.iter().map(|group| vec![Err(Fault::Failed); group.calls.len()]).collect(),
        };
        let mut answers = answers.into_iter();
        for (reader, groups) in readers.iter_mut().zip(&asked).filter(|(_, groups)| !groups.is_empty()) {
            reader.take(answers.by_ref().take(groups.len()).collect());
        }
        if round == 0 {
            let mut next = || answers.next().unwrap_or_default();
            tokens = Some(TokenAnswers { balances: next(), metadata: next() });
        }
    }
    Ok(Read { block, readers, tokens: plan.zip(tokens) })
}

fn parts(wanted: Wanted<'_>, read: Read<'_>, seen: Seen) -> Vec<Part> {
    let mut parts: Vec<Part> = wanted.queries.iter().map(|_| Part::default()).collect();
    let mut own_tokens = HashSet::new();
    for reader in read.readers {
        own_tokens.extend(reader.finish(read.block, seen.last_success, &mut parts));
    }
    if let Some((plan, answers)) = read.tokens {
        plan.fill(&mut parts, answers, &own_tokens, read.block, seen);
    }
    parts
}

/// The parts of wallets of which nothing could be read.
fn unread(
    wanted: Wanted<'_>,
    sources: &[Box<dyn Source>],
    reason: GapReason,
    since: Option<Timestamp>,
) -> Vec<Part> {
    let wants = sources.iter().filter(|source| wanted.wants(source.protocol()));
    let mut gaps: Vec<_> = wants.flat_map(|source| source.unread(reason, since)).collect();
    gaps.extend(wanted.wants_tokens().then(|| gap::tokens(wanted.chain, reason, since)));
    wanted.queries.iter().map(|_| Part { gaps: gaps.clone(), ..Part::default() }).collect()
}

fn distinct(wallets: impl Iterator<Item = Wallet>) -> Vec<Wallet> {
    let mut seen = HashSet::new();
    wallets.filter(|wallet| seen.insert(*wallet)).collect()
}
