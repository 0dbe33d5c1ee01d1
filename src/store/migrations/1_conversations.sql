-- One row a conversation: where it stands, and the counter that numbers its events.
-- Only text, bigint and double precision, so that SQLite and PostgreSQL read the same file.
create table conversations (
    id            text   primary key,
    secret_hash   text   not null,
    owner         text   not null check (owner in ('bot', 'queue', 'staff', 'nobody')),
    epoch         bigint not null,
    staff         text,
    customer      text,
    last_seq      bigint not null,
    customer_seq  bigint not null,
    answered_seq  bigint not null,
    queued_at_ms  bigint,
    reason        text,
    urgent        bigint not null,
    opened_at_ms  bigint not null,
    last_at_ms    bigint not null,
    last_text     text   not null,
    locale        text,
    page_url      text
);

create index conversations_by_owner on conversations (owner, last_at_ms);
create index conversations_by_time on conversations (last_at_ms);
create index conversations_unanswered on conversations (last_at_ms)
    where owner = 'bot' and answered_seq < customer_seq;

-- The log. `key` is made by the customer's client: the same key twice is the same event.
create table events (
    conversation_id text   not null references conversations (id) on delete cascade,
    seq             bigint not null,
    at_ms           bigint not null,
    sender          text   not null,
    name            text,
    kind            text   not null,
    body            text   not null,
    key             text,
    primary key (conversation_id, seq),
    unique (conversation_id, key)
);

-- What the classifier made of a customer's message.
create table understood (
    conversation_id text   not null references conversations (id) on delete cascade,
    seq             bigint not null,
    guess           text   not null,
    primary key (conversation_id, seq)
);
