-- One-time codes by e-mail: the newest of each conversation. Neither the code nor the address stands here, only digests
-- of them that are keyed with a secret. `customer` is null where nobody has the address, and no letter went out.
create table codes (
    conversation_id text   primary key references conversations (id) on delete cascade,
    digest          text   not null,
    email           text   not null,
    customer        text,
    n_wrong         bigint not null,
    ends_at_ms      bigint not null
);

-- What limits count: codes that were asked for, and addresses for which a code was wrong too often.
create table code_marks (
    id      text   primary key,
    kind    text   not null check (kind in ('asked', 'paused')),
    email   text   not null,
    network text   not null,
    at_ms   bigint not null
);

create index code_marks_by_email on code_marks (email, kind, at_ms);
create index code_marks_by_network on code_marks (network, kind, at_ms);
create index code_marks_by_time on code_marks (at_ms);
