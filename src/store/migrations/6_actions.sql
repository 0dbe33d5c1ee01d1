-- What was done in billing for customers: written before billing is asked, ended when its answer is known.
-- It outlives the conversation: who had what done, by which rule, when, and what came of it.
create table actions (
    key             text   primary key,
    action          text   not null,
    customer        text   not null,
    conversation_id text   not null,
    seq             bigint not null,
    clause          text   not null,
    deed            text   not null,
    words           text   not null,
    status          text   not null check (status in ('begun', 'done', 'refused')),
    reference       text,
    done_on         text,
    why             text,
    begun_at_ms     bigint not null,
    ended_at_ms     bigint
);

create index actions_by_customer on actions (customer, begun_at_ms);
create index actions_by_conversation on actions (conversation_id, seq);
create index actions_begun on actions (begun_at_ms) where status = 'begun';
