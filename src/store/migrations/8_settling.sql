-- What is done in billing is done to its end by itself, whoever began it.
-- `staff` and `reason`: who of the business did it and why, where nobody asked the bot for it.
-- `settle_due_ms`: the conversation has not been told yet what came of it; after this time anybody may see to that.
-- `letter`: a letter about it, as JSON, until it is out; `letter_due_ms`: after this time anybody may send it.
alter table actions add column staff text;
alter table actions add column reason text;
alter table actions add column settle_due_ms bigint;
alter table actions add column letter text;
alter table actions add column letter_due_ms bigint;

update actions set settle_due_ms = 0 where status = 'begun';

create index actions_unsettled on actions (settle_due_ms) where settle_due_ms is not null;
create index actions_letters on actions (letter_due_ms) where letter_due_ms is not null;

-- The letter with the code may not have left us: after this time anybody may say so.
alter table codes add column letter_due_ms bigint;

create index codes_letters on codes (letter_due_ms) where letter_due_ms is not null;
