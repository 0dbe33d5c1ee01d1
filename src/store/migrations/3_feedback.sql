-- Questions that the bot could not answer well, grouped by root cause.
-- Vectors are base64 of little-endian 32-bit floats.
create table causes (
    id            text   primary key,
    name          text   not null,
    status        text   not null,
    created_at_ms bigint not null,
    centroid      text   not null
);

create table questions (
    id              text   primary key,
    conversation_id text   not null references conversations (id) on delete cascade,
    seq             bigint not null,
    text            text   not null,
    why             text   not null,
    guess           text   not null,
    before          text   not null,
    asked_at_ms     bigint not null,
    cause_id        text   references causes (id),
    vector          text,
    unique (conversation_id, seq, why)
);

create index questions_by_cause on questions (cause_id, asked_at_ms);
