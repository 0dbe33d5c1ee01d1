// What the whole console shares: who is signed in, where we are, all rows of the lists, and what is said aloud.
import { computed, signal } from '@preact/signals';
import type { ConversationRow, StaffMember } from '../protocol';
import { api, messageOf } from './api';
import { listOf, place, replaceList, rowsOf, type Rows } from './lists';
import { href, parse, type ListName, type Route } from './routes';
import type { Link } from './socket';
import { words } from './words';

const NOTICE_MS = 6_000;

/** Undefined until we know, null when nobody is signed in. */
export const me = signal<StaffMember | null | undefined>(undefined);
export const route = signal<Route>(parse(location.hash));
/** The list that stands beside a conversation, and to which "back" goes. */
export const list = signal<ListName>('waiting');
export const link = signal<Link>('off');
export const browserOnline = signal(navigator.onLine);
/** The time, once a second, for what ticks. */
export const now = signal(Date.now());

export const rows = signal<Rows>(new Map());
export const loaded = signal<ReadonlySet<ListName>>(new Set());
export const listFault = signal<string | undefined>(undefined);
/** The last position that this person has seen, by conversation. */
export const seen = signal<ReadonlyMap<string, number>>(new Map());

export const notice = signal<{ text: string; fault: boolean } | undefined>(undefined);
/** What a screen reader is to say next. */
export const spoken = signal('');

export const myId = computed(() => me.value?.id ?? '');
export const mayAnswer = computed(() => me.value?.role === 'answers' || me.value?.role === 'manages');
export const counts = computed(() => ({
  waiting: rowsOf(rows.value, 'waiting', myId.value).length,
  mine: rowsOf(rows.value, 'mine', myId.value).length,
}));
export const freshMine = computed(() => rowsOf(rows.value, 'mine', myId.value).filter(isFresh).length);

export const nameOf = (row: ConversationRow | undefined) => row?.customer || words.visitor;

/** Whether a conversation has something that this person hasn't seen. */
export function isFresh(row: ConversationRow): boolean {
  const upTo = seen.value.get(row.id);
  return upTo !== undefined && upTo < row.seq && listOf(row, myId.value) === 'mine';
}

export function markSeen(id: string, seq: number) {
  if ((seen.peek().get(id) ?? -1) < seq) seen.value = new Map(seen.peek()).set(id, seq);
}

export function go(to: Route) {
  if (location.hash !== href(to)) location.hash = href(to);
}

/** Has a screen reader say it once, after what it is saying now. */
export function announce(text: string) {
  spoken.value = spoken.peek() === text ? `${text}\u00a0` : text;
}

let noticeGone: ReturnType<typeof setTimeout> | undefined;

/** Shows a line for some seconds and says it aloud. */
export function tell(text: string, fault = false) {
  clearTimeout(noticeGone);
  notice.value = { text, fault };
  announce(text);
  noticeGone = setTimeout(() => (notice.value = undefined), fault ? 2 * NOTICE_MS : NOTICE_MS);
}

/** Shows why something didn't work. */
export const tellFault = (thrown: unknown) => tell(messageOf(thrown), true);

export function hideNotice() {
  clearTimeout(noticeGone);
  notice.value = undefined;
}

const heard = new Map<ListName, Set<string>>();

/** Takes a row from an answer or the socket into its place. */
export function heardOf(row: ConversationRow) {
  heard.forEach((ids) => ids.add(row.id));
  const known = rows.peek().get(row.id);
  if (!seen.peek().has(row.id)) markSeen(row.id, known?.seq ?? row.seq);
  rows.value = place(rows.peek(), row);
  const cameIn = row.owner === 'queue' && known?.owner !== 'queue';
  if (cameIn && loaded.peek().has('waiting')) announce(words.nowWaiting(nameOf(row), row.reason));
}

export async function loadList(which: ListName) {
  const since = new Set<string>();
  heard.set(which, since);
  try {
    const { conversations } = await api.list(which);
    conversations.forEach((row) => seen.peek().has(row.id) || markSeen(row.id, row.seq));
    rows.value = replaceList(rows.peek(), which, conversations, myId.peek(), since);
    loaded.value = new Set(loaded.peek()).add(which);
    listFault.value = undefined;
  } catch (thrown) {
    if (!loaded.peek().has(which)) listFault.value = messageOf(thrown);
  } finally {
    if (heard.get(which) === since) heard.delete(which);
  }
}

/** Turns to the list in which this conversation stands, so that it is to be seen beside it. */
export function stayWith(row: ConversationRow) {
  const where = listOf(row, myId.peek());
  if (!where || where === list.peek()) return;
  list.value = where;
  if (!loaded.peek().has(where)) void loadList(where);
}

/** Forgets everything that belongs to the person who was signed in. */
export function forgetAll() {
  rows.value = new Map();
  loaded.value = new Set();
  seen.value = new Map();
  listFault.value = undefined;
  hideNotice();
}
