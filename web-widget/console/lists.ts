// Which list a conversation stands in, in which order, and how long a wait is.
import type { ConversationRow } from '../protocol';
import type { ListName } from './routes';

/** A wait from here on is long. */
const LONG_WAIT_MS = 2 * 60_000;
/** A wait from here on is too long. */
const TOO_LONG_WAIT_MS = 5 * 60_000;

export type Rows = ReadonlyMap<string, ConversationRow>;
export type WaitLevel = 'fine' | 'long' | 'too-long';

/** The list of a row for this staff member; none for a conversation that a colleague has. */
export function listOf(row: ConversationRow, myId: string): ListName | undefined {
  if (row.owner === 'queue') return 'waiting';
  if (row.owner === 'bot') return 'bot';
  if (row.owner === 'nobody') return 'closed';
  return row.staff?.id === myId ? 'mine' : undefined;
}

/** The rows of a list: those who wait with the urgent and the longest wait first, the others with the newest first. */
export function rowsOf(rows: Rows, list: ListName, myId: string): ConversationRow[] {
  const found = [...rows.values()].filter((row) => listOf(row, myId) === list);
  const newest = (one: ConversationRow, other: ConversationRow) => other.last_at - one.last_at;
  const longest = (one: ConversationRow, other: ConversationRow) =>
    Number(other.urgent) - Number(one.urgent) ||
    (one.waiting_since ?? one.last_at) - (other.waiting_since ?? other.last_at);
  return found.sort(list === 'waiting' ? longest : newest);
}

/** Puts one row in its place; an older state of the same conversation changes nothing. */
export function place(rows: Rows, row: ConversationRow): Rows {
  const known = rows.get(row.id);
  return known && row.seq < known.seq ? rows : new Map(rows).set(row.id, row);
}

/**
 * Takes a list as the server has it now.
 * Of rows that were heard of after the request went out it may be too old: those stay, unless it is surely newer.
 */
export function replaceList(
  rows: Rows,
  list: ListName,
  answer: ConversationRow[],
  myId: string,
  heardSince: ReadonlySet<string>,
): Rows {
  const there = new Set(answer.map((row) => row.id));
  const kept = [...rows].filter(([id, row]) => there.has(id) || heardSince.has(id) || listOf(row, myId) !== list);
  const isNews = (row: ConversationRow) => !heardSince.has(row.id) || (rows.get(row.id)?.seq ?? -1) < row.seq;
  return answer.filter(isNews).reduce(place, new Map(kept) as Rows);
}

/** How long a wait is felt to be. */
export const waitLevel = (ms: number): WaitLevel =>
  TOO_LONG_WAIT_MS <= ms ? 'too-long' : LONG_WAIT_MS <= ms ? 'long' : 'fine';
