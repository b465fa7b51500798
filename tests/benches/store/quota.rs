//! Quotas counted in Redis beside the raw driver running the same script, one after the other and 64 at once.

use std::num::NonZeroU32;
use std::sync::Arc;

use futures::future::join_all;
use redis::Script;
use risk_app::sharing::Quota;
use risk_store::{LocalQuota, RedisQuota};
use risk_tests::Redis;
use tokio::time::Instant;

use crate::{Best, ROUNDS};

const CALLS: u64 = 2_000;
const AT_ONCE: u64 = 64;
/// So many that none is refused.
const LIMIT: NonZeroU32 = NonZeroU32::new(1_000_000).unwrap();
const SCRIPT: &str = include_str!("../../../shared/store/src/redis_quota/take.lua");

async fn one_by_one(quota: &Arc<dyn Quota>, best: &mut Best) {
    let began = Instant::now();
    for number in 0..CALLS {
        quota.take(&format!("client:{}", number % 100), LIMIT).await;
    }
    best.note(CALLS, began);
}

async fn at_once(quota: &Arc<dyn Quota>, best: &mut Best) {
    let began = Instant::now();
    let client = |client: u64| async move {
        for _ in 0..CALLS / AT_ONCE {
            quota.take(&format!("client:{client}"), LIMIT).await;
        }
    };
    join_all((0..AT_ONCE).map(client)).await;
    best.note(CALLS / AT_ONCE * AT_ONCE, began);
}

async fn raw_one_by_one(
    connection: &redis::aio::MultiplexedConnection,
    best: &mut Best,
) -> anyhow::Result<()> {
    let (script, mut connection) = (Script::new(SCRIPT), connection.clone());
    let began = Instant::now();
    for number in 0..CALLS {
        let key = format!("raw:{{client:{}}}", number % 100);
        let _: [u64; 4] = script.key(key).arg(LIMIT.get()).invoke_async(&mut connection).await?;
    }
    best.note(CALLS, began);
    Ok(())
}

async fn raw_at_once(connection: &redis::aio::MultiplexedConnection, best: &mut Best) -> anyhow::Result<()> {
    let script = Script::new(SCRIPT);
    let began = Instant::now();
    let client = |client: u64| {
        let (script, mut connection) = (&script, connection.clone());
        async move {
            for _ in 0..CALLS / AT_ONCE {
                let key = format!("raw:{{client:{client}}}");
                let _: [u64; 4] = script.key(key).arg(LIMIT.get()).invoke_async(&mut connection).await?;
            }
            anyhow::Ok(())
        }
    };
    join_all((0..AT_ONCE).map(client)).await.into_iter().collect::<anyhow::Result<()>>()?;
    best.note(CALLS / AT_ONCE * AT_ONCE, began);
    Ok(())
}

/// Measures and prints.
pub(crate) async fn run() -> anyhow::Result<()> {
    let Some(server) = Redis::start().await? else { return Ok(()) };
    let shared: Arc<dyn Quota> = Arc::new(RedisQuota::new(&server.url)?);
    let local: Arc<dyn Quota> = Arc::new(LocalQuota::new());
    let client = redis::Client::open(server.url.as_str())?;
    let connection = client.get_multiplexed_async_connection().await?;
    let mut best = [[Best::default(); 3]; 2];
    for _ in 0..ROUNDS {
        let [alone, together] = &mut best;
        one_by_one(&shared, &mut alone[0]).await;
        raw_one_by_one(&connection, &mut alone[1]).await?;
        one_by_one(&local, &mut alone[2]).await;
        at_once(&shared, &mut together[0]).await;
        raw_at_once(&connection, &mut together[1]).await?;
        at_once(&local, &mut together[2]).await;
    }
    println!(
        "\n{:<40} {:>12} {:>12} {:>7} {:>12}",
        "quotas taken a second", "redis", "raw redis", "ratio", "memory"
    );
    for (name, [redis, raw, memory]) in ["one after the other", "64 at once"].iter().zip(best) {
        let [redis, raw, memory] = [redis, raw, memory].map(Best::per_second);
        println!("{name:<40} {redis:>12.0} {raw:>12.0} {:>7.2} {memory:>12.0}", redis / raw);
    }
    Ok(())
}
