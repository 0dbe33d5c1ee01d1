-- What the program decides once and keeps: keys, the id of this installation.
create table settings (
    name  text primary key,
    value text not null
);
