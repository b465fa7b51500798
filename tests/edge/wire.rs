//! HTTP/1.1 by hand over one connection: every byte of a request is as the test wrote it.

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::cases::Case;

/// A connection that is kept between requests.
pub(crate) struct Wire {
    address: String,
    stream: Option<TcpStream>,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Wire {
    /// A connection to the host of a URL; it is made with the first request.
    pub(crate) fn to(url: &str) -> Self {
        Self { address: url.trim_start_matches("http://").trim_end_matches('/').to_owned(), stream: None }
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn send(&mut self, case: &Case) -> anyhow::Result<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => TcpStream::connect(&self.address).await?,
        };
        stream.set_nodelay(true)?;
        stream.write_all(&request(case, &self.address)).await?;
        let answer = read(&mut stream, case.method == "HEAD").await?;
        if answer.header("connection") != Some("close") {
            self.stream = Some(stream);
        }
        Ok(answer)
    }
}

/// A request as bytes; a length is written where the case has a body and says none itself.
fn request(case: &Case, host: &str) -> Vec<u8> {
    let mut bytes = format!("{} {} HTTP/1.1\r\nhost: {host}\r\n", case.method, case.target).into_bytes();
    for (name, value) in &case.headers {
        bytes.extend([name.as_bytes(), b": ", &crate::cases::latin_1(value), b"\r\n"].concat());
    }
    let says_length = case.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    if !case.body.is_empty() && !says_length {
        bytes.extend(format!("content-length: {}\r\n", case.body.len()).into_bytes());
    }
    bytes.extend(b"\r\n");
    bytes.extend(&case.body);
    bytes
}

async fn read(stream: &mut TcpStream, is_head: bool) -> anyhow::Result<Answer> {
    let mut read = Vec::new();
    let end = loop {
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut read).await? == 0 {
            bail!("the connection ended within the head: {}", String::from_utf8_lossy(&read));
        }
    };
    let head = String::from_utf8(read[..end].to_vec())?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("no status line")?.parse()?;
    let pair =
        |line: &str| line.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()));
    let mut answer =
        Answer { status, headers: lines.filter_map(pair).collect(), body: read.split_off(end + 4) };
    if is_head || status == 204 || status == 304 {
        return Ok(answer);
    }
    if answer.header("transfer-encoding") == Some("chunked") {
        while !answer.body.ends_with(b"0\r\n\r\n") && stream.read_buf(&mut answer.body).await? > 0 {}
        answer.body = dechunked(&answer.body)?;
        return Ok(answer);
    }
    let length: usize = answer.header("content-length").unwrap_or("0").parse()?;
    while answer.body.len() < length && stream.read_buf(&mut answer.body).await? > 0 {}
    Ok(answer)
}

fn dechunked(mut bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let end =
            bytes.windows(2).position(|window| window == b"\r\n").context("a chunk without a length")?;
        let length = usize::from_str_radix(std::str::from_utf8(&bytes[..end])?.trim(), 16)?;
        if length == 0 {
            return Ok(whole);
        }
        let from = end + 2;
        whole.extend(bytes.get(from..from + length).context("a chunk is cut short")?);
        bytes = bytes.get(from + length + 2..).context("a chunk is cut short")?;
    }
}
