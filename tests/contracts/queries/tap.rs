//! A tap on the wire between a store and MongoDB: it passes everything on, and keeps the commands that the store sends.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use mongodb::bson::{Bson, Document};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};

/// The opcode of a command of today's protocol.
const OP_MSG: i32 = 2013;
/// Of a message's header, and of the flags after it.
const HEADER_BYTES: usize = 16;
const FLAG_BYTES: usize = 4;

/// The commands so far, in the order of their arrival.
#[derive(Clone, Default)]
pub(super) struct Tap(Arc<Mutex<Vec<Document>>>);

impl Tap {
    /// A tap in front of a server, and its own address.
    pub(super) async fn start(server: SocketAddr) -> (Self, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let tap = Self::default();
        let kept = tap.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(kept.clone().pass_on(client, server));
            }
        });
        (tap, address)
    }

    /// The commands that were sent.
    pub(super) fn commands(&self) -> Vec<Document> {
        self.0.lock().expect("the commands").clone()
    }

    async fn pass_on(self, client: TcpStream, server: SocketAddr) {
        let server = TcpStream::connect(server).await.expect("the server");
        let (mut asked, mut answering) = client.into_split();
        let (mut answers, mut asking) = server.into_split();
        let back = tokio::spawn(async move { copy(&mut answers, &mut answering).await });
        let mut length = [0; 4];
        while asked.read_exact(&mut length).await.is_ok() {
            let size = usize::try_from(i32::from_le_bytes(length)).expect("a length");
            let mut message = vec![0; size];
            message[..4].copy_from_slice(&length);
            if asked.read_exact(&mut message[4..]).await.is_err() || asking.write_all(&message).await.is_err()
            {
                break;
            }
            if message[12..16] == OP_MSG.to_le_bytes() {
                self.0.lock().expect("the commands").push(command(&message[HEADER_BYTES + FLAG_BYTES..]));
            }
        }
        back.abort();
    }
}

/// The command of a message's sections: its body, with every sequence of documents as an array in it.
fn command(sections: &[u8]) -> Document {
    let mut rest = sections;
    let mut command = Document::new();
    while let Some((kind, after)) = rest.split_first() {
        rest = after;
        if *kind == 0 {
            command.extend(Document::from_reader(&mut rest).expect("a document"));
            continue;
        }
        let size = i32::from_le_bytes(rest[..4].try_into().expect("four bytes"));
        let (mut sequence, after) = rest.split_at(usize::try_from(size).expect("a length"));
        rest = after;
        let end = sequence[4..].iter().position(|byte| *byte == 0).expect("an end") + 4;
        let name = String::from_utf8(sequence[4..end].to_vec()).expect("a name");
        sequence = &sequence[end + 1..];
        let mut documents = Vec::new();
        while !sequence.is_empty() {
            documents.push(Bson::from(Document::from_reader(&mut sequence).expect("a document")));
        }
        command.insert(name, documents);
    }
    command
}
