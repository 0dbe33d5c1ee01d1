// Generated from src/server/protocol.rs by `cargo test`. Do not edit.

/**
 * What a customer's browser sends.
 */
export type ClientFrame = { "type": "hello",
/**
 * The conversation to resume.
 */
conversation?: string,
/**
 * The secret that came with it.
 */
resume?: string,
/**
 * The last `seq` that the client has.
 */
after?: number,
/**
 * A token signed by the business's site.
 */
identity?: string,
/**
 * The browser's language, like `en-GB`.
 */
locale?: string,
/**
 * The page that the customer looks at.
 */
page?: Page, } | { "type": "say",
/**
 * Made by the client, unique in the conversation: a repeated key gets the first ack again.
 */
key: string,
/**
 * The words.
 */
text: string, } | { "type": "choose",
/**
 * As for `say`.
 */
key: string,
/**
 * The choice's id.
 */
choice: string, } | { "type": "rate",
/**
 * As for `say`.
 */
key: string,
/**
 * The event that is rated.
 */
about: number,
/**
 * 0 or 1 for an answer, 1 to 5 for a survey.
 */
score: number,
/**
 * In their own words.
 */
comment?: string, } | { "type": "identify",
/**
 * A token signed by the business's site.
 */
token: string, } | { "type": "seen",
/**
 * The last event on the screen.
 */
seq: number, } | { "type": "typing",
/**
 * Whether they are.
 */
on: boolean, } | { "type": "end",
/**
 * As for `say`.
 */
key: string, } | { "type": "ping", };

/**
 * The page that the customer looks at.
 */
export type Page = {
/**
 * Its address, without query and fragment.
 */
url: string,
/**
 * Its title.
 */
title: string, };

/**
 * What a customer's browser is told.
 */
export type ServerFrame = { "type": "welcome",
/**
 * The conversation's id.
 */
conversation: string,
/**
 * The secret to resume it; only where it was made just now.
 */
resume?: string,
/**
 * The last event that there is.
 */
seq: number,
/**
 * The server's time, in milliseconds since 1970: a customer's own clock may be wrong.
 */
at: number,
/**
 * True: forget what is on the screen, everything follows from `seq` 1.
 */
reset: boolean,
/**
 * Who answers next: `bot`, `queue`, `staff` or `nobody`.
 */
owner: string,
/**
 * The first name of the person, where one does.
 */
staff?: string,
/**
 * Who we are.
 */
business: BusinessCard,
/**
 * Whether people are there.
 */
hours: Hours,
/**
 * What the client must keep to.
 */
limits: WireLimits,
/**
 * The customer's first name, once the business's site has vouched for them.
 */
verified?: string, } | { "type": "resume",
/**
 * The secret.
 */
resume: string, } | { "type": "ack",
/**
 * Its key.
 */
key: string,
/**
 * Its place in the log.
 */
seq: number,
/**
 * When it was kept, in milliseconds since 1970.
 */
at: number, } | { "type": "event" } & WireEvent | { "type": "typing",
/**
 * `bot` or `staff`.
 */
from: string,
/**
 * Whether they are.
 */
on: boolean, } | { "type": "queue",
/**
 * 1 is next.
 */
place: number,
/**
 * An honest estimate in minutes; absent outside the opening hours.
 */
minutes?: number,
/**
 * When somebody will answer by, in plain words, outside the opening hours.
 */
back?: string, } | { "type": "error",
/**
 * The key of the frame, where it had one.
 */
key?: string,
/**
 * What is wrong.
 */
code: Code,
/**
 * The same in plain words.
 */
message: string,
/**
 * When to try again, in milliseconds.
 */
retry_after_ms?: number, } | { "type": "going_away",
/**
 * How long to wait, in milliseconds.
 */
retry_after_ms: number, } | { "type": "pong", };

/**
 * Who we are.
 */
export type BusinessCard = {
/**
 * The business's name.
 */
name: string,
/**
 * What the panel says before the first message.
 */
greeting: string,
/**
 * What can be tapped before the first message.
 */
starters: Array<WireChoice>,
/**
 * How long conversations are kept, in plain words.
 */
privacy: string, };

/**
 * Whether people are there.
 */
export type Hours = {
/**
 * Now.
 */
open: boolean,
/**
 * The opening hours in plain words.
 */
text: string,
/**
 * When people are back, in plain words, where they aren't there now.
 */
back?: string, };

/**
 * What a client must keep to.
 */
export type WireLimits = {
/**
 * The longest message, in characters.
 */
text_chars_max: number,
/**
 * A heartbeat is due this often, in milliseconds.
 */
heartbeat_ms: number, };

/**
 * One entry of the log as customers and staff see it.
 */
export type WireEvent = {
/**
 * Its position.
 */
seq: number,
/**
 * When, in milliseconds since 1970.
 */
at: number,
/**
 * `customer`, `bot`, `staff` or `system`.
 */
from: string,
/**
 * The first name of the staff member, where one speaks.
 */
name?: string,
/**
 * `message`, `owner`, `survey`, `receipt`, `rating` or `verified`.
 */
kind: string,
/**
 * The words; of an `owner` event, the sentence to show in the middle.
 */
text?: string,
/**
 * What may be tapped.
 */
choices?: Array<WireChoice>,
/**
 * Figures in rows.
 */
card?: WireCard,
/**
 * Of an `owner` event: who answers from here.
 */
owner?: string,
/**
 * Of a bot's answer: thumbs may be shown. Of a `rating`: the event that is rated.
 */
about?: number,
/**
 * Of a bot's message: whether the customer may rate it.
 */
rateable?: boolean,
/**
 * Of a `rating`: the score.
 */
score?: number,
/**
 * Of a `receipt`: how to find it again, and how to undo it. What was done is its text, and when its time.
 */
receipt?: WireReceipt,
/**
 * The key of the frame that made it, for the customer's own events.
 */
key?: string,
/**
 * For staff only: what the bot understood and did.
 */
understood?: Understood,
/**
 * For staff only: how the bot read the words that it answers, the way that it took first.
 */
read_as?: Array<WireReading>, };

/**
 * What a receipt says besides what was done, and when.
 */
export type WireReceipt = {
/**
 * What billing calls it.
 */
reference?: string,
/**
 * How to undo it, in one sentence.
 */
undo?: string,
/**
 * For staff only: the rule that it goes by.
 */
clause?: string, };

/**
 * Something to tap.
 */
export type WireChoice = {
/**
 * What to send back.
 */
id: string,
/**
 * What to show.
 */
label: string, };

/**
 * Figures in rows; every amount is a finished text.
 */
export type WireCard = {
/**
 * What it is.
 */
title: string,
/**
 * The rows, from top to bottom.
 */
rows: Array<WireRow>,
/**
 * The sum under the line.
 */
total?: WireRow,
/**
 * A sentence under it.
 */
note?: string, };

/**
 * One row of a card.
 */
export type WireRow = {
/**
 * What the row is about.
 */
label: string,
/**
 * Small print.
 */
detail?: string,
/**
 * The amount.
 */
amount?: string,
/**
 * Words that mark a row as changed.
 */
mark?: string, };

/**
 * What the bot understood of a customer's message, for staff.
 */
export type Understood = {
/**
 * `answer`, `ask_back` or `no_idea`.
 */
decision: string,
/**
 * The likeliest intents with their confidence, 0 to 1, best first.
 */
guesses: Array<WireGuess>, };

/**
 * One way to read a message in its conversation, for staff.
 */
export type WireReading = {
/**
 * Who read it so: `follow_up`, `going_on`, `intent` …
 */
by: string,
/**
 * How sure, 0 to 1.
 */
sure: number,
/**
 * Why, for people.
 */
because: string, };

/**
 * One intent that a message may mean.
 */
export type WireGuess = {
/**
 * The intent's name.
 */
intent: string,
/**
 * 0 to 1.
 */
confidence: number, };

/**
 * What can be wrong with a frame or a request. The texts are fixed; nothing from inside gets out.
 */
export type Code = "malformed" | "too_large" | "not_welcomed" | "rate_limited" | "busy" | "unavailable" | "not_found" | "bad_identity" | "not_offered" | "empty" | "sign_in" | "forbidden" | "wrong_page" | "wrong_method" | "too_slow" | "conflict" | "refused";

/**
 * What staff's browsers send on `/v1/staff`. Everything that changes something is a request under `/api/v1/`.
 */
export type StaffClientFrame = { "type": "watch",
/**
 * The conversation.
 */
conversation: string,
/**
 * The last `seq` that the client has.
 */
after: number, } | { "type": "unwatch",
/**
 * The conversation.
 */
conversation: string, } | { "type": "typing",
/**
 * The conversation.
 */
conversation: string,
/**
 * Whether.
 */
on: boolean, } | { "type": "ping", };

/**
 * What staff's browsers are told on `/v1/staff`.
 */
export type StaffServerFrame = { "type": "welcome",
/**
 * Who is signed in.
 */
me: StaffMember, } | { "type": "conversation",
/**
 * The row.
 */
row: ConversationRow, } | { "type": "event",
/**
 * The conversation.
 */
conversation: string,
/**
 * The entry.
 */
event: WireEvent, } | { "type": "presence",
/**
 * The conversation.
 */
conversation: string,
/**
 * Whether they have it open; absent where that isn't known.
 */
online?: boolean, } | { "type": "typing",
/**
 * The conversation.
 */
conversation: string,
/**
 * Whether.
 */
on: boolean, } | { "type": "error",
/**
 * What.
 */
code: Code,
/**
 * In plain words.
 */
message: string, } | { "type": "pong", };

/**
 * A person of the business.
 */
export type StaffMember = {
/**
 * Their id.
 */
id: string,
/**
 * The name they sign in with.
 */
login: string,
/**
 * The first name that customers see.
 */
name: string,
/**
 * `reads`, `answers` or `manages`.
 */
role: string, };

/**
 * One conversation in a list. `GET /api/v1/conversations?list=waiting|mine|bot|closed` answers
 * `{"conversations": [row, …], "total": n}`, where `total` counts those too that are too many to be in it.
 */
export type ConversationRow = {
/**
 * The conversation.
 */
id: string,
/**
 * `bot`, `queue`, `staff` or `nobody`.
 */
owner: string,
/**
 * The customer as the business knows them; absent for a visitor.
 */
customer?: string,
/**
 * Who has it.
 */
staff?: StaffMember,
/**
 * Why it waits or why it came to staff: one plain sentence.
 */
reason?: string,
/**
 * Look at it before the others.
 */
urgent: boolean,
/**
 * Since when it waits, in milliseconds since 1970, while it does.
 */
waiting_since?: number,
/**
 * What the customer typed last, at most 120 characters; what they tapped, where they have only tapped.
 */
last_text: string,
/**
 * When the last event was kept.
 */
last_at: number,
/**
 * The last event's position.
 */
seq: number,
/**
 * The customer's last message; 0 before that.
 */
customer_seq: number,
/**
 * Whether the customer has the conversation open now; absent where that isn't known.
 */
online?: boolean, };

/**
 * One conversation, whole: `GET /api/v1/conversations/{id}`.
 */
export type ConversationDetail = {
/**
 * Its row.
 */
row: ConversationRow,
/**
 * Its log, with what the bot understood.
 */
events: Array<WireEvent>,
/**
 * The events about which somebody of staff has said that the bot was wrong.
 */
flagged: Array<number>,
/**
 * The customer's account in a few rows, where they are verified.
 */
account?: WireCard,
/**
 * The newest invoice as the customer sees it.
 */
invoice?: WireCard,
/**
 * Until when it counts who the customer has shown to be, in milliseconds since 1970; absent for a visitor. After
 * that somebody else may be writing.
 */
verified_until?: number, };

/**
 * A staff member's reply: `POST /api/v1/conversations/{id}/reply`.
 * 409 with the missed events when the conversation has events after `after` that the writer has not seen.
 */
export type ReplyBody = {
/**
 * Made by the client, unique in the conversation.
 */
key: string,
/**
 * The words.
 */
text: string,
/**
 * The last `seq` on the writer's screen.
 */
after: number, };

/**
 * What a staff member may give the customer of a conversation that they have:
 * `GET /api/v1/conversations/{id}/goodwill`.
 */
export type GoodwillOffer = {
/**
 * The most that this staff member may give, as a finished text.
 */
limit: string,
/**
 * What is left of that for this customer, as a finished text.
 */
left: string,
/**
 * The rule that says so.
 */
clause: string,
/**
 * Late fees that could come off.
 */
late_fees: Array<LateFeeRow>, };

/**
 * A late fee that could come off.
 */
export type LateFeeRow = {
/**
 * The bill's number.
 */
invoice: string,
/**
 * Which it is: "Late fee of £5.00 on the June bill".
 */
label: string, };

/**
 * Something given to the customer: `POST /api/v1/conversations/{id}/goodwill`. 422 with the code `refused` when the
 * rules or billing say no.
 */
export type Goodwill = {
/**
 * Made by the client, unique in the conversation: what is sent twice is done once.
 */
key: string,
/**
 * The number of the bill whose late fee comes off; without it an amount is given back.
 */
late_fee?: string,
/**
 * That amount as it was typed: `12.50`.
 */
amount?: string,
/**
 * Why, in words that the customer reads.
 */
reason: string,
/**
 * False: says only what would be done.
 */
sure: boolean, };

/**
 * What came of it.
 */
export type GoodwillAnswer = {
/**
 * `asks`: nothing is done yet; `done`: the receipt stands in the conversation; `waiting`: billing has not answered,
 * and the receipt comes by itself.
 */
state: string,
/**
 * What the customer reads.
 */
text: string,
/**
 * The rule that it goes by.
 */
clause: string, };

/**
 * A question that the bot could not answer well.
 */
export type QuestionRow = {
/**
 * Its id.
 */
id: string,
/**
 * The conversation that it comes from.
 */
conversation: string,
/**
 * The customer's message.
 */
seq: number,
/**
 * What the customer said.
 */
text: string,
/**
 * `missed`, `refused`, `thumbs_down`, `flagged` or `suggestion`.
 */
why: string,
/**
 * What the bot guessed.
 */
guesses: Array<WireGuess>,
/**
 * What was said just before, oldest first.
 */
before: Array<string>,
/**
 * How it went on, in plain words.
 */
outcome: string,
/**
 * When.
 */
at: number, };

/**
 * Questions with one root cause: `GET /api/v1/causes` answers `{"causes": [row, …], "suggestions": [question, …]}`.
 */
export type CauseRow = {
/**
 * Its id.
 */
id: string,
/**
 * Named after its most typical question until staff rename it.
 */
name: string,
/**
 * How many questions.
 */
count: number,
/**
 * What they cost so far, as a finished text.
 */
cost: string,
/**
 * `open` or `closed`.
 */
status: string,
/**
 * The questions, newest first, at most fifty.
 */
questions: Array<QuestionRow>, };
