//! scratch
use std::collections::HashMap;use std::sync::Arc;use std::time::*;
use async_trait::async_trait;
use risk_app::ports::*;use risk_app::service::Ports;use risk_app::{Service,Settings};
use risk_engine::market::*;use risk_engine::position::*;use risk_model::request::Scope;use risk_model::*;
use tower::ServiceExt;use http_body_util::BodyExt;
struct F;
impl Clock for F{fn now(&self)->Timestamp{Timestamp::new(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs())}}
#[async_trait] impl Positions for F{async fn read(&self,w:&[WalletQuery],_:Depth,_:&Scope)->Vec<WalletPositions>{
 w.iter().map(|q|WalletPositions{wallet:q.wallet,accounts:vec![],holdings:vec![],gaps:vec![],readings:vec![Reading{what:"x".into(),source:"alchemy",chain:None,block:None,observed_at:self.now()}]}).collect()}}
#[async_trait] impl Prices for F{async fn quotes(&self,_:&[Asset])->Found<Quote>{Found::default()}}
#[async_trait] impl Histories for F{async fn daily(&self,_:&[Asset],_:u32)->Found<Arc<DailyCloses>>{Found::default()}}
#[async_trait] impl GasPrices for F{async fn gas(&self,_:&[ChainId])->(HashMap<ChainId,Gas>,Vec<Gap>,Vec<Reading>){Default::default()}}
impl Upstreams for F{fn health(&self)->Vec<UpstreamHealth>{vec![]}}
fn main(){
 let f=Arc::new(F);
 let rec=metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder().unwrap();
 let ports=Ports{positions:f.clone(),prices:f.clone(),histories:f.clone(),gas:f.clone(),upstreams:f.clone(),store:Arc::new(risk_store::MemoryStore::new()),clock:f.clone()};
 let s=Arc::new(Service::new(ports,Settings{parameters:Default::default(),thresholds:Default::default(),chains:vec![ChainId::Ethereum],fresh_seconds:600,page_size:100,lease_seconds:120,discoveries_per_sweep:1,sweep_interval_seconds:600,cached_summaries:100}));
 let (text,key)=risk_api::mint_key("a",&["admin"],f.now()).unwrap();
 let keys=std::env::args().nth(1).as_deref()==Some("keys");
 let api=risk_api::router(s.clone(),Arc::new(move||rec.render()),risk_api::ApiSettings{auth_mode:if keys{risk_api::AuthMode::Keys}else{risk_api::AuthMode::Open},admin_key_hash:None,rate_limit_per_minute:u32::MAX,rate_limit_per_minute_per_client:u32::MAX,trusted_proxies:vec![],cors_origins:vec![],environment:"d".into(),version:"1".into(),commit:None,started_at:f.now(),sandbox_catalogue:vec![],request_timeout:Duration::from_secs(30)});
 let rt=tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
 rt.block_on(async move{
  s.store().put_key(&key).await.unwrap();
  let path="/api/risk/summary?wallet=0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
  let req=||axum::http::Request::builder().uri(path).header("x-api-key",&text).header("host","a").body(axum::body::Body::empty()).unwrap();
  let r=api.clone().oneshot(req()).await.unwrap();assert_eq!(r.status(),200);let b=r.into_body().collect().await.unwrap().to_bytes();
  let v:risk_app::summary::Summary=serde_json::from_slice(&b).unwrap();
  println!("body {}",b.len());
  let v2=Arc::new(v);
  let bare=axum::Router::new().route("/api/risk/summary",axum::routing::get(move||{let v=v2.clone();async move{axum::Json((*v).clone())}}));
  let v3:&'static risk_app::summary::Summary=Box::leak(Box::new(serde_json::from_slice(&b).unwrap()));
  let bare2=axum::Router::new().route("/api/risk/summary",axum::routing::get(move||async move{axum::Json(v3)}));
  for (n,r) in [("api",api),("bare-clone",bare),("bare-ref",bare2)]{ for _ in 0..2{
   let t=Instant::now();let k=200_000;
   for _ in 0..k{let x=r.clone().oneshot(req()).await.unwrap();let _=x.into_body().collect().await.unwrap();}
   println!("{n} {:?}",t.elapsed()/k);
  }}
 });
}
