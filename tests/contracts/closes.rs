//! Cases of daily closes.

use std::sync::Arc;

use risk_app::records::KeptCloses;
use risk_app::stores::Store;
use risk_engine::market::DailyCloses;
use risk_model::{Address, Asset, ChainId};

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
