//! One transaction: all of it or nothing, tried again where another write was first.

use futures::FutureExt;
use futures::future::BoxFuture;
use mongodb::ClientSession;
use mongodb::options::{ReadConcern, TransactionOptions};

use super::base::Base;
use super::failure::Failure;

/// How often an act whose keys another writer took is tried anew. After one failure it sees what took them.
const ATTEMPTS: u32 = 10;

/// What is done inside a transaction. It may be done several times until one of them is committed.
pub(super) type Act<W, T> =
    for<'b> fn(&'b Base, &'b mut ClientSession, &'b W) -> BoxFuture<'b, Result<T, Failure>>;

/// What an act sees of the database.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sees {
    /// One snapshot, to which its writes are held: where another has changed what they change, it is tried anew.
    Snapshot,
    /// Nothing: it only writes.
    Nothing,
}

/// Carries out an act as a whole. The majority of the set has it when this returns.
pub(super) async fn transact<W, T>(base: &Base, sees: Sees, work: &W, act: Act<W, T>) -> Result<T, Failure>
where
    W: Sync,
    T: Send,
{
    let snapshot = (sees == Sees::Snapshot).then(ReadConcern::snapshot);
    let options = TransactionOptions::builder().read_concern(snapshot).build();
    let mut attempt = 1;
    loop {
        let mut session = base.client().start_session().await?;
        let started = session.start_transaction().with_options(options.clone());
        // The driver repeats what the server calls transient (a lost race for a document, a new primary), with pauses.
        let done = started.and_run((base, work), |session, (base, work)| {
            act(base, session, work).map(|done| done.map_err(Failure::into_driver_error)).boxed()
        });
        match done.await.map_err(Failure::from) {
            Err(failure) if failure.is_beaten() && attempt < ATTEMPTS => attempt += 1,
            done => return done,
        }
    }
}
