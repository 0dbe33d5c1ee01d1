-- What was changed in the demo's billing, which is otherwise made anew each time that somebody asks.
-- `n` counts a customer's acts from 1: two who change something at once cannot both be next.
create table demo_acts (
    customer text   not null,
    n        bigint not null,
    key      text   not null,
    act      text   not null,
    done     text   not null,
    at_ms    bigint not null,
    primary key (customer, n),
    unique (customer, key)
);
