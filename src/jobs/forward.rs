//! Sends another program's request to Gemini and passes the answer on as it arrives.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::app::App;
use crate::gateway::{self, Broken, Piece, Refused, Reply, Request};
use crate::jobs::asking;
use crate::keys::{self, After, Grant};
use crate::llm::Failure;
use crate::llm::gemini::Listener;
use crate::model::RequestId;
use crate::store::jobs::Leased;
use crate::store::{self, Conn};

/// How many pieces of an answer may wait for a slow reader.
const PIECES: usize = 16;

/// The request, if somebody still waits for its answer. Otherwise the job is done.
pub async fn start(
    tx: &mut Conn,
    app: &App,
    leased: &Leased,
    id: RequestId,
) -> sqlx::Result<Option<Arc<Request>>> {
    let request = app.pending.take(id);
    if request.is_none() {
        store::jobs::finish(tx, leased).await?;
    }
    Ok(request)
}

/// Its turn does not come in time.
pub async fn fall_back(app: &App, leased: &Leased, id: RequestId) -> anyhow::Result<()> {
    let mut tx = app.db.write().await?;
    let refused = match app.pending.take(id) {
        Some(request) => {
            Some(gateway::refused(&mut tx, &app.pool, &request, app.clock.now()).await?)
        }
        None => None,
    };
    store::jobs::finish(&mut tx, leased).await?;
    tx.commit().await?;
    if let Some(refused) = refused {
        app.pending.answer(id, Reply::Refused(refused));
    }
    Ok(())
}

pub async fn by_model(
    app: &App,
    leased: &Leased,
    id: RequestId,
    request: &Request,
    grant: &Grant,
) -> anyhow::Result<()> {
    let mut connection = Connection { app, id, pieces: None };
    let ask = keys::Forward {
        stream: request.stream,
        body: request.body.clone(),
        program: format!("{} ({})", request.token, request.label),
    };
    let outcome = asking::asking(app).forward(grant, ask, &mut connection).await;
    let mut tx = app.db.write().await?;
    let after = keys::settle(&mut tx, &app.pool, grant, &outcome, app.clock.now()).await?;
    keys::label(&mut tx, grant, &request.label).await?;
    let again = match after {
        // An answer that broke off in the middle cannot start again.
        After::Again { at } | After::Attempt { at, .. } if connection.pieces.is_none() => Some(at),
        _ => None,
    };
    match again {
        Some(at) => {
            let words = outcome.as_ref().err().map(ToString::to_string);
            store::jobs::release(&mut tx, leased, at, leased.attempts, words.as_deref()).await?;
            // Before the commit: from then on it may be taken again.
            app.pending.put_back(id);
        }
        None => store::jobs::finish(&mut tx, leased).await?,
    }
    tx.commit().await?;
    match (outcome, connection.pieces) {
        // Nobody receives it if the connection is closed.
        (Err(_), Some(pieces)) => drop(pieces.send(Err(Broken)).await),
        (Err(failure), None) if again.is_none() => {
            app.pending.answer(id, Reply::Refused(refusal_for(&failure)));
        }
        _ => {}
    }
    Ok(())
}

/// The program's connection. With the first piece, the program is told that there is an answer.
struct Connection<'a> {
    app: &'a App,
    id: RequestId,
    pieces: Option<mpsc::Sender<Piece>>,
}

impl Listener for Connection<'_> {
    async fn hear(&mut self, piece: Vec<u8>) -> bool {
        let pieces = self.pieces.get_or_insert_with(|| {
            let (sender, pieces) = mpsc::channel(PIECES);
            self.app.pending.answer(self.id, Reply::Answer(pieces));
            sender
        });
        pieces.send(Ok(piece)).await.is_ok()
    }
}

/// What the program is told if a request failed for good.
fn refusal_for(failure: &Failure) -> Refused {
    let (code, message) = match failure {
        Failure::OurFault { status, response } => (*status, response.clone()),
        Failure::Timeout => (504, failure.to_string()),
        Failure::Refused(_)
        | Failure::Unusable { .. }
        | Failure::Server { .. }
        | Failure::Connection { .. }
        | Failure::GivenBack => (503, failure.to_string()),
    };
    Refused { code, message, retry: None }
}
