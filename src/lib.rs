//! plainbill answers customers' questions about their bills: a chat widget on a business's website, a classifier and
//! rules on the business's own machine, people who take over, and a list of what could not be answered.
//!
//! This page is the architecture: how a message travels, who may use whom, what never happens, and why it is so.
//!
//! # The journey of a message
//!
//! A customer types "why is my bill higher?" and presses Enter.
//!
//! 1. The widget shows it at once, puts it into its outbox under a key of its own, and sends a `say` frame.
//! 2. [`server`] has accepted the connection within limits on heads, sockets and addresses and checked the page's
//!    origin; `server/socket` checks the frame's size, rate and shape ([`server::protocol`]).
//! 3. [`session`] is the one door into a conversation: a task for each live one takes its [`session::Command`]s one after
//!    the other. `session/customer/say` masks card numbers ([`conversation::masking`]) and asks the [`store`] to append the
//!    message.
//! 4. The store's one writer takes everything that has queued up, commits it together, and answers. Only now does the
//!    customer get the `ack`. A repeated key gets the first ack again.
//! 5. The session waits a moment for another quick message, then takes a [`turn`]: what was said → the
//!    [`classifier`]'s guess → the [`rules`]' decision → the words ([`answers`]) with the customer's own figures
//!    ([`billing`]), or a question, or a [`handoff`]. The [`rules`] collect *readings* of the message in its
//!    conversation ([`rules::readings`]: an answer to what was asked, a choice in words, the last answer said back, the
//!    topic again with another bill, a follow-up of it, something on the account, an intent by itself, several of these), each with how sure it
//!    is and why, and choose in one place; the readings are kept with the turn. The turn itself keeps nothing.
//! 6. What the turn wants kept is appended in one transaction that fails if the owner has changed meanwhile or if the
//!    message has been answered already: the bot never speaks once a person has the conversation, and never twice.
//! 7. The store's bus tells every socket of this conversation that there is something new; each reads the log from its
//!    own cursor, the last few events from memory. Staff who watch the conversation do the same.
//! 8. Where the answer has something done ([`actions`]), the customer's yes is checked against the rules once more, done
//!    once, and comes back as a receipt; it is kept like everything else that the turn says.
//! 9. What could not be answered well has become a question; [`feedback`] groups it with others like it.
//!
//! After a crash between 4 and 6, the log says which messages are kept and not answered, and the next start answers
//! them.
//!
//! ## Of a staff reply
//!
//! 1. A colleague who has the conversation writes in the console; `server/staff` reads who they are and what they sent,
//!    and sends the command [`session::Command::Reply`] through the same door.
//! 2. The task takes it before what the customer has sent meanwhile, which waits in an inbox of its own, and before a turn
//!    that is being thought about; a conversation that isn't live comes to life for it. Where whoever sent it has given up by then, nothing is done.
//! 3. `session/staff/reply` says what must hold: theirs is the conversation, and the customer has said nothing that they
//!    haven't read. The transaction decides, so that it holds on any number of nodes; else the answer is what they missed.
//! 4. What is kept wakes the customer's sockets and those of staff who watch; each reads the log. Had the bot been thinking
//!    when they took the conversation, its turn fails at the changed owner, and says nothing.
//!
//! ## Of an action
//!
//! 1. The bot's message offers it with a button; what exactly would be done stands in the log ([`rules::policy`] has
//!    allowed it).
//! 2. The customer's yes is a message like any other. Its turn asks the rules again, writes the order into the ledger of
//!    [`actions`], and only then asks [`billing`], under a key for which billing does it at most once.
//! 3. The receipt is part of what the turn says, and the transaction that keeps it notes that the conversation was told.
//! 4. What staff give ([`session::staff::Give`]) goes the same way, beside the task, and its receipt comes back into it.
//!
//! ## Of a night
//!
//! Nobody is there, and the [`jobs`] go on. What they find they bring to its conversation as a command: `settling` what a
//! crash or a lost answer of billing has left open, `unanswered` the messages of a node that died, `left_behind` what a
//! colleague has gone from. `waiting_list` keeps the order of those who wait, and when somebody will be there; `content`
//! takes over changed files that pass the check, once they are learnt (`learning`); `keys` does so with the site's keys;
//! `billing_news` drops what other nodes say has changed; `grouping` puts the day's questions together for the morning.
//!
//! # Who may use whom
//!
//! Lower knows nothing of upper; `tests/tidy.rs` reads the imports and fails on a breach.
//!
//! | module | may use | outside crates that live only here |
//! |---|---|---|
//! | [`conversation`] | – | unicode-normalization; none with I/O, no clock |
//! | [`clock`] | – | – |
//! | [`config`] | – | toml |
//! | [`presence`] | conversation | – |
//! | [`content`] | conversation | toml, toml_edit, minijinja |
//! | [`classifier`] | conversation, content | ort, rten, tokenizers |
//! | [`billing`] | conversation, config, store | reqwest, backon, hmac (also in identity) |
//! | [`rules`] | conversation, content, billing (its words) | – |
//! | [`answers`] | conversation, content, billing (its words), rules | – |
//! | [`store`] | conversation | sqlx, async-nats, hostname |
//! | [`mail`] | config | lettre |
//! | [`actions`] | conversation, content, billing, rules, store, mail | krilla, ttf-parser |
//! | [`identity`] | conversation, config, store | jsonwebtoken |
//! | [`handoff`] | conversation, content, store | – |
//! | [`feedback`] | conversation, classifier, store | – |
//! | [`parts`] | what conversations work with: most of the above | – |
//! | [`turn`], [`talks`], [`session`], [`jobs`], [`console`], [`app`] | those before them, and all above | – |
//! | [`server`] | all above; never the store itself | axum, hyper, tower, governor (also in telemetry), ts-rs |
//! | [`telemetry`] | – | tracing-subscriber, tracing-appender, metrics-exporter-prometheus |
//! | [`commands`] | all | clap |
//!
//! # Invariants
//!
//! - [`conversation`], [`rules`], [`answers`], `content/paths` and `billing/explain` are pure: no I/O, no clock, no
//!   panic on any input.
//! - Nothing is acked before it is durable. The log is the truth; sockets and the bus carry hints.
//! - A conversation's `seq` has no gaps, on any number of nodes: the next one comes from a counter row.
//! - An event carries a checksum over itself and over the one before. What doesn't fit is never shown as words: a line
//!   stands in its place, and the conversation goes on.
//! - Whatever anybody does to a conversation is a [`session::Command`] to its task: customers, staff, and the house
//!   itself. What must hold is checked in the transaction that keeps it, the owner of a reply first of all.
//! - The classifier can be broken, overloaded or missing: the customer gets a person.
//! - One loader serves `check`, `test` and `serve`: what passes the check runs. Content that fails never replaces
//!   content that passed.
//! - Money is integer minor units with a currency. An explanation of a bill that does not add up is not shown.
//! - What changes something in billing is written down before billing is asked, under a key for which billing does it
//!   at most once. So a crash, a second tap or a second tab changes nothing twice.
//! - No card number, password, identity token, one-time code or address of a page that billing hosts is ever stored
//!   or logged.
//! - A customer is who the business's site has signed for, or who has typed the code from a letter to an address of
//!   ours; nothing else that is said in a chat changes that, and nobody becomes somebody else in one conversation.
//!   It counts for a while ([`config::Limits::verified_minutes`]); after that a turn knows nobody until it is shown again.
//! - Whoever had a conversation's secret before it was known whose it is has none afterwards: only the connection that
//!   has shown it gets the next one.
//! - Every queue, list, length and wait has a named limit ([`config::Limits`]) and a defined behaviour at it.
//!
//! # Choices made
//!
//! **The log carries the state.** A bot's message is kept with the step that made it (what it answered, which fact it
//! asks for), so that folding the events gives the whole state ([`conversation::State`]). No second table can disagree,
//! and a restart in mid-conversation needs nothing but the log. Think again if folding long conversations gets slow.
//!
//! **Sockets read, nobody pushes.** A socket that wakes up reads the log after its cursor. There is no queue for each
//! socket that could grow, a slow reader holds nothing but itself, and resuming after a drop is the same code as going
//! on. It costs one read an event and socket. Think again when reads are the bottleneck.
//!
//! **One writer, many jobs a commit.** A commit costs a sync to the disk; grouping what has queued up makes it
//! affordable to ack only after it. All events of a group are written by one statement. Where something fails, the group
//! is written anew with a savepoint for each job, so that one failure hurts only itself.
//!
//! **Batch size one.** There is a classifier session for each core, and it takes one message at a time: a message's
//! score never depends on its neighbors', and two threads give twice the speed of one. A short message is encoded by the
//! thread that asks, as long as it leaves a session and a thread of the runtime to others: to wake a worker and be woken
//! by it costs a tenth of the encoder's time. Everything else goes through the queue to the workers. Think again if
//! customers' other frames are seen to wait for the millisecond or two that this takes.
//!
//! **A nudge first, the whole fit after.** Where few examples differ, the head takes a few steps towards them and
//! answers at once; the whole fit follows on one thread and ends where a fit from nothing would, to the last bit. A
//! fitted head is kept under a key of everything that it depends on, so that a start needs no fit.
//!
//! **A business states how many wrong answers it can live with, and how sure the bot has to be follows.** A share of all
//! messages means something to the people who answer for it; a confidence doesn't. It is measured on the content's own
//! examples, each judged without itself and those most like it, because customers' words are never quite an example's.
//! Think again when there are enough labelled questions of real customers to measure on.
//!
//! **Templates live in content.** The loader compiles every template and condition, so that `check` finds what would
//! fail in front of a customer; [`answers`] only fills them in.
//!
//! **A `suggestion` is an intent.** The customer's idea is recognised like anything else that they mean, thanked, and
//! kept for staff to read.
//!
//! **A source of billing data that is down is left alone.** Every request has a time and a size; what may be repeated is
//! tried again with jitter; after some failures in a row nobody asks for a while, so that customers hear at once that we
//! cannot see their bill. An account is held for seconds only, and dropped when anything was changed for that customer.
//!
//! **A code is checked in its turn.** What a customer types where a code was asked for is kept as a keyed digest; the
//! turn compares it, and what comes of it (a try less, or who it is) is kept in the turn's own transaction. So a crash
//! neither loses a try nor counts it twice, and many sockets in one conversation get no more tries than one.
//!
//! **Readings instead of a cascade.** What a message means depends on what was asked last, on the topic, and on itself;
//! each of these looks at it in a file of its own and says how sure it is, and the newest question counts most, then the
//! topic. So a new way to be understood is a new reader, and "why did it say that" has an answer in the log. Think again
//! when there are enough conversations of real customers to learn the weights from.
//!
//! **Follow-ups are content, and compete with all intents.** What can be asked within a topic only stands in that topic's
//! file. Its examples and those of all intents are classes of one linear discriminant; with the nearest examples and what
//! the topic speaks for its own, their scores become shares of all that may be meant in this place. The likeliest is
//! answered where its share is large or far ahead; where it isn't and only tells something, it is answered with the other
//! of two beside it; else two are offered. A share is no chance of being right: measured on reactions kept apart, what is
//! answered is right in four of five, and of two in half. Think again when there are many real conversations.
//!
//! **The encoder has learnt the content, but for one sentence in five.** What it has learnt it flatters; so how sure the
//! bot has to be is measured on the fifth that it has not seen.
//!
//! **What ends something is named.** A bare yes does what the last message asks a yes for, except where it ends a
//! service: that takes the tap or words that name it. After anything in between, a yes only brings the button back. What
//! is asked beside a yes is answered after what came of it, with the account as it is then.
//!
//! **Slots may be read and need not be asked.** Most answers have a natural default (the newest bill), and a question
//! is a cost.

pub mod actions;
pub mod answers;
pub mod app;
pub mod billing;
pub mod classifier;
pub mod clock;
pub mod commands;
pub mod config;
pub mod console;
pub mod content;
pub mod conversation;
pub mod feedback;
pub mod handoff;
pub mod identity;
pub mod jobs;
pub mod mail;
pub mod parts;
pub mod presence;
pub mod rules;
pub mod server;
pub mod session;
pub mod store;
pub mod talks;
pub mod telemetry;
pub mod turn;
