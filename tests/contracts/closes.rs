//! Cases of daily and hourly closes.

use std::sync::Arc;

use risk_app::records::{KeptCloses, KeptHourly};
use risk_app::stores::Store;
use risk_engine::market::{DailyCloses, HourlyCloses};
use risk_model::{Address, Asset, ChainId, Timestamp};

fn history(asset: Asset, first_day: u64) -> KeptCloses {
    let closes = vec![Some(1.5), None, Some(f64::MIN_POSITIVE), Some(69_000.123_456_789)];
    KeptCloses { asset, closes: DailyCloses { first_day, closes, source: "coingecko" }, window_days: 365 }
}

fn token() -> Asset {
    Asset::contract(ChainId::Base, Address::repeat_byte(7))
}

pub(crate) async fn closes_read_back_to_the_last_bit(store: Arc<dyn Store>) {
    assert_eq!(store.closes(&[token()]).await.unwrap(), []);
    let kept = [history(token(), 20_000), history(Asset::native(ChainId::Ethereum), 3)];
    store.put_closes(&kept).await.unwrap();
    assert_eq!(store.closes(&[token()]).await.unwrap(), kept[..1]);
    assert_eq!(store.closes(&[token(), Asset::native(ChainId::Ethereum)]).await.unwrap().len(), 2);
    assert_eq!(store.closes(&[Asset::native(ChainId::Base)]).await.unwrap(), []);
}

pub(crate) async fn putting_closes_again_replaces_them(store: Arc<dyn Store>) {
    store.put_closes(&[history(token(), 1)]).await.unwrap();
    store.put_closes(&[history(token(), 2)]).await.unwrap();
    assert_eq!(store.closes(&[token()]).await.unwrap(), [history(token(), 2)]);
}

pub(crate) async fn hourly_closes_read_back_and_are_replaced_beside_the_daily_ones(store: Arc<dyn Store>) {
    let hourly = |first_hour: u64| KeptHourly {
        asset: token(),
        closes: HourlyCloses { first_hour, closes: vec![Some(0.1), None, Some(7.3e-9)], source: "coingecko" },
        read_at: Timestamp::new(1_700_000_000 + first_hour),
    };
    store.put_closes(&[history(token(), 1)]).await.unwrap();
    store.put_hourly(&[hourly(480_000)]).await.unwrap();
    store.put_hourly(&[hourly(480_006)]).await.unwrap();
    assert_eq!(store.hourly(&[token()]).await.unwrap(), [hourly(480_006)]);
    assert_eq!(store.hourly(&[Asset::native(ChainId::Base)]).await.unwrap(), []);
    assert_eq!(store.closes(&[token()]).await.unwrap(), [history(token(), 1)]);
}
