-- The people of the business, and what they and the customers wait for.
create table staff (
    id            text   primary key,
    login         text   not null unique,
    name          text   not null,
    role          text   not null check (role in ('reads', 'answers', 'manages')),
    password_hash text   not null,
    added_at_ms   bigint not null
);

-- `hash` is the SHA-256 of the token; the token itself is nowhere.
create table staff_sessions (
    hash          text   primary key,
    staff_id      text   not null references staff (id) on delete cascade,
    opened_at_ms  bigint not null,
    expires_at_ms bigint not null
);

create index staff_sessions_by_staff on staff_sessions (staff_id);
create index staff_sessions_by_expiry on staff_sessions (expires_at_ms);

-- One row for each time that somebody took a conversation from the queue.
create table stints (
    conversation_id text   not null references conversations (id) on delete cascade,
    epoch           bigint not null,
    staff           text   not null,
    waited_ms       bigint not null,
    began_at_ms     bigint not null,
    ended_at_ms     bigint,
    primary key (conversation_id, epoch)
);

create index stints_by_time on stints (began_at_ms);

-- What we said would happen by a time.
create table promises (
    conversation_id text   not null references conversations (id) on delete cascade,
    seq             bigint not null,
    due_at_ms       bigint not null,
    text            text   not null,
    made_at_ms      bigint not null,
    settled_at_ms   bigint,
    primary key (conversation_id, seq)
);

create index promises_open on promises (due_at_ms) where settled_at_ms is null;
