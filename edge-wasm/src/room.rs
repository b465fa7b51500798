//! The room: the part of the module's memory through which requests come in and verdicts go out, made once and used for
//! all of them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use risk_model::validation::Policy;

use crate::Call;

static ROOM: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// What `judge` is told besides the request, as bits.
const NEEDS_KEY: u32 = 1;
const ANSWERS_PREFLIGHT: u32 = 2;
const HAS_BODY: u32 = 4;

/// Makes the room at least so many bytes long, and says where it is.
pub(crate) fn room(bytes: usize) -> *mut u8 {
    let mut room = open();
    let bytes = bytes.max(room.len());
    room.resize(bytes, 0);
    room.as_mut_ptr()
}

/// Judges the request in the room: a head of so many bytes ([`Call::head`]) and after it the body. The verdict takes its
/// place; answers how long it is.
pub(crate) fn judge(head: usize, headers: usize, body: usize, how: u32) -> usize {
    let mut room = open();
    let verdict = {
        let (head, rest) = room.split_at(head.min(room.len()));
        let body = rest.get(..body).unwrap_or_default();
        let policy =
            Policy { needs_key: how & NEEDS_KEY != 0, answers_preflight: how & ANSWERS_PREFLIGHT != 0 };
        let body = Some(body).filter(|_| how & HAS_BODY != 0);
        // Encoders of text write nothing else.
        crate::judge(Call { head: std::str::from_utf8(head).unwrap_or_default(), headers, body }, policy)
    };
    let length = verdict.len().max(room.len());
    room.resize(length, 0);
    room[..verdict.len()].copy_from_slice(verdict.as_bytes());
    verdict.len()
}

/// Nothing that holds the room fails while it does.
fn open() -> MutexGuard<'static, Vec<u8>> {
    ROOM.lock().unwrap_or_else(PoisonError::into_inner)
}
