//! Pending requests of other programs. Each is dropped when its connection closes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::RngExt as _;
use tokio::sync::{mpsc, oneshot};

use crate::model::RequestId;

/// The most pending requests: more than could be answered within any deadline.
const MOST: usize = 200;

/// A request of another program.
#[derive(Debug)]
pub struct Request {
    pub model: String,
    /// The answer is wanted as a stream of events.
    pub stream: bool,
    /// Unchanged; a JSON object.
    pub body: Vec<u8>,
    /// Input tokens, estimated.
    pub tokens: u32,
    /// The name of its token.
    pub token: String,
    /// The name that the program gave to its work.
    pub label: String,
}

/// A piece of an answer, or the end of an answer that broke off.
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

/// Why a request got no answer, in terms of Gemini's errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The HTTP status.
    pub code: u16,
    pub message: String,
    /// When a retry makes sense.
    pub retry: Option<Duration>,
}

/// Too many requests are pending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{MOST} requests are waiting already")]
pub struct Full;

/// Cheap to clone.
#[derive(Clone, Default)]
pub struct PendingRequests(Arc<Mutex<HashMap<RequestId, Open>>>);

struct Open {
    request: Arc<Request>,
    reply: oneshot::Sender<Reply>,
    /// Gemini is being asked.
    taken: bool,
}

/// Belongs to the connection. When it is dropped, nobody waits for the answer, and the request is removed.
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

    /// Takes a request in order to send it; `None`: nobody waits for it any more.
    pub fn take(&self, id: RequestId) -> Option<Arc<Request>> {
        let mut open = self.open();
        let found = open.get_mut(&id)?;
        found.taken = true;
        Some(found.request.clone())
    }

    /// Makes the request wait again.
    pub fn put_back(&self, id: RequestId) {
        if let Some(found) = self.open().get_mut(&id) {
            found.taken = false;
        }
    }

    /// Answers the request; false if nobody waits for it any more.
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

    /// Waits for the reply.
    pub(super) async fn reply(&mut self) -> Reply {
        let code = 500;
        let message = "the request was lost; please retry".to_owned();
        let lost = Reply::Refused(Refused { code, message, retry: None });
        (&mut self.reply).await.unwrap_or(lost)
    }

    /// Removes the request, unless it is being sent or answered at this moment.
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
