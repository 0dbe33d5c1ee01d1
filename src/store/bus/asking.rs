//! Questions from one node to another over NATS, for what only that node holds. Request and reply, as NATS has them.

use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Client, Message, Request, Subscriber};
use futures_util::StreamExt;

use super::Bus;

/// The longest question and the longest answer, in bytes; NATS itself takes a mebibyte unless it is told otherwise.
pub const ASKED_BYTES_MAX: usize = 512 * 1024;
/// The longest name of a node.
const NODE_CHARS_MAX: usize = 64;

/// A question of another node.
#[derive(Debug)]
pub struct NodeRequest {
    message: Message,
    client: Client,
}

impl NodeRequest {
    /// What is asked.
    pub fn bytes(&self) -> &[u8] {
        &self.message.payload
    }

    /// Answers it. Whoever asked may have given up, or the answer may be too long: they hear nothing then.
    pub async fn answer(self, bytes: Vec<u8>) {
        if let Some(asker) = self.message.reply
            && let Err(error) = self.client.publish(asker, bytes.into()).await
        {
            tracing::debug!(%error, "an answer to another node was lost");
        }
    }
}

/// What other nodes ask of this one.
#[derive(Debug)]
pub struct Asks {
    client: Client,
    incoming: Subscriber,
}

impl Asks {
    /// The next one; none once the way to other nodes is closed.
    pub async fn next(&mut self) -> Option<NodeRequest> {
        let message = self.incoming.next().await?;
        Some(NodeRequest { message, client: self.client.clone() })
    }
}

impl Bus {
    /// Whether other nodes can be asked.
    pub fn can_ask(&self) -> bool {
        self.outbox.is_some()
    }

    /// What is asked of the node of this name; waits for the way to other nodes, and there may be none.
    pub async fn asks(&self, node: &str) -> Option<Asks> {
        let client = self.nats.wait().await.clone();
        match client.subscribe(subject(node)?).await {
            Ok(incoming) => Some(Asks { client, incoming }),
            Err(error) => {
                tracing::error!(%error, "NATS takes no subscription; other nodes cannot ask this one");
                None
            }
        }
    }

    /// Asks the node of this name; none where it isn't there, or doesn't answer within `wait`.
    pub async fn ask(&self, node: &str, bytes: Vec<u8>, wait: Duration) -> Option<Vec<u8>> {
        if ASKED_BYTES_MAX < bytes.len() {
            return None;
        }
        // Without a way to it the question would only wait for its time to be up.
        let connected = |it: &&Client| it.connection_state() == State::Connected;
        let client = self.nats.get().filter(connected)?;
        let request = Request::new().payload(bytes.into()).timeout(Some(wait));
        match client.send_request(subject(node)?, request).await {
            Ok(message) => Some(message.payload.into()),
            Err(error) => {
                tracing::debug!(%error, "another node has not answered");
                None
            }
        }
    }
}

/// Where questions to a node go; none for what is no name. Dots and stars would mean several subjects.
fn subject(node: &str) -> Option<String> {
    let is_name = (1..=NODE_CHARS_MAX).contains(&node.len())
        && node.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-');
    is_name.then(|| format!("plainbill.node.{node}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_a_node_is_never_a_pattern() {
        assert_eq!(subject("0190-ab").as_deref(), Some("plainbill.node.0190-ab"));
        for other in ["", "*", ">", "a.b", "a b", "A\r\nPUB", &"a".repeat(NODE_CHARS_MAX + 1)] {
            assert_eq!(subject(other), None, "{other}");
        }
    }
}
