// The rows of all lists, and whether they are known to be as the server has them.
//
// A list counts as known from the answer to a request that was made since the link came up, for as long as the link
// holds: from then on the link tells of every change. What isn't known is never shown as if it were.
import { batch, computed, signal } from '@preact/signals';
import type { ConversationRow } from '../protocol';
import { api, messageOf } from './api';
import { listOf, place, type Rows, replaceList, rowsOf } from './lists';
import { LISTS, type ListName } from './routes';
import { backOff } from './socket';
import { announce, isLive, link, list, myId, nameOf } from './state';
import { words } from './words';

/** A list that has more than one answer holds is asked for again this long after it has changed. */
const REFILL_MS = 2_000;

export const rows = signal<Rows>(new Map());
/** How many each list has on the server, by the last answer; there too where the answer can't hold them all. */
export const totals = signal<ReadonlyMap<ListName, number>>(new Map());
/** The lists of which there was an answer, known to be true or not. */
export const loaded = computed(() => new Set(totals.value.keys()));
export const listFaults = signal<ReadonlyMap<ListName, string>>(new Map());
/** The last position that this person has seen, by conversation. */
export const seen = signal<ReadonlyMap<string, number>>(new Map());

/** The lists that have been answered since the link came up. */
const answered = signal<ReadonlySet<ListName>>(new Set());
/** Which customers have the chat open, as far as that was told since the link came up. */
const presences = signal<ReadonlyMap<string, boolean>>(new Map());

export const isKnown = (which: ListName) => isLive.value && answered.value.has(which);
/** Whether everything that was asked for is known. */
export const allKnown = computed(() => isLive.value && [...wanted.value].every((which) => answered.value.has(which)));
/** Whether a customer has the chat open; undefined where that isn't known. */
export const isOnline = (id: string) => (isLive.value ? presences.value.get(id) : undefined);

/** How many a list has; undefined where that isn't known. */
export function countOf(which: ListName): number | undefined {
  if (!isKnown(which)) return undefined;
  return isCut(which) ? totals.value.get(which)! : rowsOf(rows.value, which, myId.value).length;
}
export const waitingCount = computed(() => countOf('waiting'));
export const freshMine = computed(() => rowsOf(rows.value, 'mine', myId.value).filter(isFresh).length);

/** How many of a list are on the server only. */
export const restOf = (which: ListName) =>
  isCut(which) ? Math.max(0, totals.value.get(which)! - rowsOf(rows.value, which, myId.value).length) : 0;

const cut = signal<ReadonlySet<ListName>>(new Set());
const isCut = (which: ListName) => cut.value.has(which);

/** Whether the customer has said something that this person hasn't seen. */
export function isFresh(row: ConversationRow): boolean {
  const upTo = seen.value.get(row.id);
  return upTo !== undefined && upTo < row.customer_seq && listOf(row, myId.value) === 'mine';
}

export function markSeen(id: string, seq: number) {
  if ((seen.peek().get(id) ?? -1) < seq) seen.value = new Map(seen.peek()).set(id, seq);
}

/** What the link has told of since a request went out is newer than its answer. */
type Request = { readonly heard: Set<string>; readonly came: Set<string>; readonly link: number };
const requests = new Set<Request>();
/** Counts how often the link has come up or gone. */
let linkCount = 0;
/** Whether the link still is the one that it was then: what it told and what was asked since hang together. */
export const holds = (request: Request) =>
  request.link === linkCount && (link.peek() === 'up' || link.peek() === 'checking');

/** Begins to note what the link tells of, until the answer is there. */
export function asking(): Request {
  const request = { heard: new Set<string>(), came: new Set<string>(), link: linkCount };
  requests.add(request);
  return request;
}

/** The link has come up or has gone: what was known is no longer. */
export function forgetKnown() {
  linkCount++;
  batch(() => {
    answered.value = new Set();
    presences.value = new Map();
  });
}

/** Takes a row that the link tells of into its place. */
export function heardOf(row: ConversationRow) {
  for (const { heard, came } of requests) {
    heard.add(row.id);
    came.add(row.id);
  }
  comes(row.id, row.online);
  take(row);
  LISTS.filter((which) => isCut(which)).forEach(refill);
}

/** Takes a row from the answer to a request, unless the link has told of something newer meanwhile. */
export function answeredWith(row: ConversationRow, request: Request) {
  requests.delete(request);
  if (holds(request) && !request.came.has(row.id)) comes(row.id, row.online);
  if (!request.heard.has(row.id) || (rows.peek().get(row.id)?.seq ?? 0) < row.seq) take(row);
}

function take(row: ConversationRow) {
  const known = rows.peek().get(row.id);
  if (!seen.peek().has(row.id)) markSeen(row.id, known?.seq ?? row.seq);
  rows.value = place(rows.peek(), row);
  const cameIn = row.owner === 'queue' && known?.owner !== 'queue';
  if (cameIn && loaded.peek().has('waiting')) announce(words.nowWaiting(nameOf(row), row.reason));
}

/** A customer has come or gone; undefined where nobody can tell. */
export function comes(id: string, online: boolean | undefined) {
  requests.forEach(({ came }) => came.add(id));
  const after = new Map(presences.peek());
  if (online === undefined) after.delete(id);
  else after.set(id, online);
  presences.value = after;
}

const wanted = signal<ReadonlySet<ListName>>(new Set());
/** The last request for each list: only its answer counts. */
const last = new Map<ListName, Request>();
const again = new Map<ListName, ReturnType<typeof setTimeout>>();

/** Asks for a list, and goes on asking until there is an answer. */
export async function loadList(which: ListName, tries = 0) {
  clearTimeout(again.get(which));
  again.delete(which);
  wanted.value = new Set(wanted.peek()).add(which);
  const request = asking();
  last.set(which, request);
  try {
    const { conversations, total } = await api.list(which);
    if (last.get(which) === request) batch(() => fill(which, conversations, total, request));
  } catch (thrown) {
    if (last.get(which) !== request) return;
    listFaults.value = new Map(listFaults.peek()).set(which, messageOf(thrown));
    again.set(
      which,
      setTimeout(() => void loadList(which, tries + 1), backOff(tries, Math.random())),
    );
  } finally {
    requests.delete(request);
  }
}

function fill(which: ListName, conversations: ConversationRow[], total: number, request: Request) {
  conversations.forEach((row) => seen.peek().has(row.id) || markSeen(row.id, row.seq));
  rows.value = replaceList(rows.peek(), which, conversations, myId.peek(), request.heard);
  totals.value = new Map(totals.peek()).set(which, total);
  const isWhole = total <= conversations.length;
  const cutNow = new Set(cut.peek());
  if (isWhole) cutNow.delete(which);
  else cutNow.add(which);
  cut.value = cutNow;
  const faults = new Map(listFaults.peek());
  faults.delete(which);
  listFaults.value = faults;
  if (!holds(request)) return;
  const present = new Map(presences.peek());
  for (const { id, online } of conversations)
    if (online !== undefined && !request.came.has(id)) present.set(id, online);
  presences.value = present;
  answered.value = new Set(answered.peek()).add(which);
}

/** A list that was cut off changes where nobody here sees it: its number and its end are asked for again. */
function refill(which: ListName) {
  if (!again.has(which))
    again.set(
      which,
      setTimeout(() => void loadList(which), REFILL_MS),
    );
}

/** Asks for all lists that have been shown. */
export const loadWanted = () => wanted.peek().forEach((which) => void loadList(which));

/** Turns to the list in which this conversation stands, so that it is to be seen beside it. */
export function stayWith(row: ConversationRow) {
  const where = listOf(row, myId.peek());
  if (!where || where === list.peek()) return;
  list.value = where;
  if (!loaded.peek().has(where)) void loadList(where);
}

/** Forgets everything that belongs to the person who was signed in. */
export function forgetDesk() {
  again.forEach(clearTimeout);
  again.clear();
  last.clear();
  requests.clear();
  forgetKnown();
  rows.value = new Map();
  totals.value = new Map();
  cut.value = new Set();
  wanted.value = new Set();
  listFaults.value = new Map();
  seen.value = new Map();
}
