-- The log is a chain: each event carries a checksum over itself and over the checksum of the one before, which stands
-- beside it, so that a row can be checked by itself. Events from before this schema have none.
alter table events add column checksum bigint;
alter table events add column checksum_before bigint;
