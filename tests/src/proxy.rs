//! A TCP proxy on loopback that delays, swallows, cuts and refuses on command: real faults between real programs.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until};

/// What it does to what passes through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: bytes go on as they come.
    None,
    /// Bytes of each direction go on this much later.
    Delay(Duration),
    /// Bytes are read and go nowhere, as behind a cable that was cut: no side is told.
    Swallow,
    /// Of each connection's answers this many bytes go on, and then it is reset: an answer cut in its middle.
    CutAnswerAfter(usize),
    /// Connections are reset, those that are there and those that come.
    Reset,
}

/// A running proxy; it ends when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    fault: watch::Sender<Fault>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// A proxy in front of an address.
    ///
    /// # Errors
    /// No port is free.
    pub async fn to(target: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (fault, faults) = watch::channel(Fault::None);
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(serve(client, target, faults.clone()));
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self { address, fault, accepting })
    }

    /// A proxy in front of the server of a URL, and that URL through the proxy.
    ///
    /// # Errors
    /// The URL names no address; no port is free.
    pub async fn before(url: &str) -> anyhow::Result<(Self, String)> {
        let (before, rest) = url.split_once("//").context("no URL")?;
        let (server, after) =
            rest.split_once('/').map_or((rest, ""), |(server, _)| (server, &rest[server.len()..]));
        let (user, server) = server.rsplit_once('@').map_or(("", server), |(user, server)| (user, server));
        let target = tokio::net::lookup_host(server).await?.next().context("no address")?;
        let proxy = Self::to(target).await?;
        let at = if user.is_empty() { "" } else { "@" };
        let through = format!("{before}//{user}{at}{}{after}", proxy.address);
        Ok((proxy, through))
    }

    /// Does this from now on, also to connections that are there.
    pub fn set(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(client: TcpStream, target: SocketAddr, mut faults: watch::Receiver<Fault>) {
    if *faults.borrow() == Fault::Reset {
        return reset(client);
    }
    let Ok(server) = TcpStream::connect(target).await else { return reset(client) };
    let (Ok(()), Ok(())) = (client.set_nodelay(true), server.set_nodelay(true)) else { return };
    // Whatever closes them, the client sees a reset and no orderly end.
    let _ = client.set_zero_linger();
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let (for_questions, for_answers) = (faults.clone(), faults.clone());
    let is_reset = async {
        let _ = faults.wait_for(|fault| *fault == Fault::Reset).await;
    };
    tokio::select! {
        () = pass(from_client, to_server, for_questions, Direction::Question) => {}
        () = pass(from_server, to_client, for_answers, Direction::Answer) => {}
        () = is_reset => {}
    }
}

fn reset(client: TcpStream) {
    let _ = client.set_zero_linger();
    drop(client);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Question,
    Answer,
}

/// Hands on what comes until either side ends. Bytes keep their order whatever delays them: each batch waits until its
/// time while the next ones are read.
async fn pass(from: OwnedReadHalf, to: OwnedWriteHalf, faults: watch::Receiver<Fault>, direction: Direction) {
    let (queue, mut due) = tokio::sync::mpsc::channel::<(Instant, Vec<u8>)>(1_024);
    let reading = read_on(from, queue, faults, direction);
    let writing = async move {
        let mut to = to;
        while let Some((at, bytes)) = due.recv().await {
            sleep_until(at).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(reading, writing);
}

async fn read_on(
    mut from: OwnedReadHalf,
    queue: tokio::sync::mpsc::Sender<(Instant, Vec<u8>)>,
    faults: watch::Receiver<Fault>,
    direction: Direction,
) {
    let mut buffer = vec![0; 64 * 1024];
    let mut passed = 0;
    loop {
        let Ok(length @ 1..) = from.read(&mut buffer).await else { return };
        let fault = *faults.borrow();
        let mut bytes = buffer[..length].to_vec();
        let mut delay = Duration::ZERO;
        let mut is_last = false;
        match fault {
            Fault::Delay(by) => delay = by,
            Fault::Swallow => continue,
            Fault::CutAnswerAfter(most) if direction == Direction::Answer => {
                bytes.truncate(most.saturating_sub(passed));
                passed += bytes.len();
                is_last = passed >= most;
            }
            Fault::None | Fault::CutAnswerAfter(_) | Fault::Reset => {}
        }
        if queue.send((Instant::now() + delay, bytes)).await.is_err() || is_last {
            return;
        }
    }
}
