//! Deliveries: one try each to hand an email to a server.

use super::words::words;

/// The life of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// Waits for a worker. Only emails outside campaigns do.
    Queued,
    Sending,
    Sent,
    Refused,
    /// It may or may not have been sent: no response came.
    Uncertain,
}

words!(DeliveryState, "state of a delivery", {
    Queued => "queued",
    Sending => "sending",
    Sent => "sent",
    Refused => "refused",
    Uncertain => "uncertain",
});

/// How an email is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// It is kept here, where no mail server is set.
    Outbox,
    Smtp,
}

words!(Transport, "transport", {
    Outbox => "outbox",
    Smtp => "smtp",
});

impl DeliveryState {
    /// The text on the pages.
    pub fn label(self, transport: Transport) -> &'static str {
        match (self, transport) {
            (Self::Queued, Transport::Outbox | Transport::Smtp) => "Waiting",
            (Self::Sending, Transport::Outbox | Transport::Smtp) => "Sending",
            (Self::Sent, Transport::Outbox) => "Sent (outbox)",
            (Self::Sent, Transport::Smtp) => "Sent",
            (Self::Refused, Transport::Outbox | Transport::Smtp) => "Refused",
            (Self::Uncertain, Transport::Outbox | Transport::Smtp) => "Uncertain",
        }
    }
}
