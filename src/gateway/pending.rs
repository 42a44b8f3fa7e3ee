//! The requests that this process holds a connection for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::RngExt as _;
use tokio::sync::{mpsc, oneshot};

use crate::model::RequestId;

/// So many requests are held at once: more than any deadline leaves time for.
const MOST: usize = 200;

/// What another program asks.
#[derive(Debug)]
pub struct Request {
    pub model: String,
    /// It wants the answer in pieces, as events.
    pub stream: bool,
    /// As it came; a JSON object.
    pub body: Vec<u8>,
    /// Input tokens, estimated.
    pub tokens: u32,
    /// Whose token it was.
    pub who: String,
    /// What the program calls its work.
    pub label: String,
}

/// A piece of an answer, or the end of one that broke off.
pub type Piece = Result<Vec<u8>, Broken>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Gemini's answer broke off")]
pub struct Broken;

#[derive(Debug)]
pub enum Reply {
    /// A good answer, piece by piece.
    Answer(mpsc::Receiver<Piece>),
    Refused(Refused),
}

/// Why a request got no answer, in the terms of Gemini's errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// As in HTTP.
    pub code: u16,
    pub message: String,
    /// When asking again is worth it.
    pub retry: Option<Duration>,
}

/// There is no room for another request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{MOST} requests wait already")]
pub struct Full;

/// Cheap to clone.
#[derive(Clone, Default)]
pub struct PendingRequests(Arc<Mutex<HashMap<RequestId, Open>>>);

struct Open {
    request: Arc<Request>,
    reply: oneshot::Sender<Reply>,
    /// It is being asked.
    taken: bool,
}

/// What the connection holds. Dropped, it takes the request off the pending: nobody waits for the answer.
pub struct Ticket {
    id: RequestId,
    request: Arc<Request>,
    reply: oneshot::Receiver<Reply>,
    pending: PendingRequests,
}

impl PendingRequests {
    pub(super) fn put(&self, request: Request) -> Result<Ticket, Full> {
        let request = Arc::new(request);
        let (sender, reply) = oneshot::channel();
        let mut open = self.open();
        if open.len() >= MOST {
            return Err(Full);
        }
        let id = RequestId(rand::rng().random_range(1..=i64::MAX));
        open.insert(id, Open { request: request.clone(), reply: sender, taken: false });
        drop(open);
        Ok(Ticket { id, request, reply, pending: self.clone() })
    }

    /// Takes a request to ask it; `None`: nobody waits for it any more.
    pub fn take(&self, id: RequestId) -> Option<Arc<Request>> {
        let mut open = self.open();
        let found = open.get_mut(&id)?;
        found.taken = true;
        Some(found.request.clone())
    }

    /// It waits for its turn again.
    pub fn put_back(&self, id: RequestId) {
        if let Some(found) = self.open().get_mut(&id) {
            found.taken = false;
        }
    }

    /// Answers; false when nobody waits for it any more.
    pub fn answer(&self, id: RequestId, reply: Reply) -> bool {
        let found = self.open().remove(&id);
        found.is_some_and(|found| found.reply.send(reply).is_ok())
    }

    fn open(&self) -> MutexGuard<'_, HashMap<RequestId, Open>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    pub fn id(&self) -> RequestId {
        self.id
    }

    pub(super) fn request(&self) -> &Request {
        &self.request
    }

    /// The reply, once there is one.
    pub(super) async fn reply(&mut self) -> Reply {
        let code = 500;
        let message = "the request was lost; ask again".to_owned();
        let lost = Reply::Refused(Refused { code, message, retry: None });
        (&mut self.reply).await.unwrap_or(lost)
    }

    /// Takes it off the pending, unless it is being asked or answered at this moment.
    pub(super) fn withdraw(&self) -> bool {
        let mut open = self.pending.open();
        let waits = open.get(&self.id).is_some_and(|found| !found.taken);
        if waits {
            open.remove(&self.id);
        }
        waits
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.pending.open().remove(&self.id);
    }
}
