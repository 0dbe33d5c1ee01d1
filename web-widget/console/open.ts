// The conversation that is open: its log, what is being written, and what can be done with it.
import { computed, signal } from '@preact/signals';
import type { ConversationDetail, ConversationRow, WireEvent } from '../protocol';
import { api, messageOf, Refusal } from './api';
import { lastSeq, merge } from './transcript';
import { announce, heardOf, markSeen, me, mayAnswer, myId, nameOf, rows, seen, stayWith, tell, tellFault } from './state';
import { typingOf } from './typing';
import { words } from './words';

type Open = { id: string; detail?: ConversationDetail; fault?: string };
type Attempt = { key: string; text: string };

export const open = signal<Open | undefined>(undefined);
export const openRow = computed<ConversationRow | undefined>(() => (open.value && rows.value.get(open.value.id)) ?? open.value?.detail?.row);
export const events = computed<readonly WireEvent[]>(() => open.value?.detail?.events ?? []);
export const isMine = computed(() => openRow.value?.owner === 'staff' && openRow.value.staff?.id === myId.value && mayAnswer.value);
export const customerTypes = signal(false);

/** What is written and not sent, by conversation; it never leaves its conversation. */
export const drafts = signal<ReadonlyMap<string, string>>(new Map());
/** What is on its way, by conversation. */
export const underWay = signal<ReadonlyMap<string, Attempt>>(new Map());
/** Why the last reply is not sent, by conversation. */
export const replyFaults = signal<ReadonlyMap<string, string>>(new Map());
/** Messages marked as wrong in this sitting, as "conversation:seq". */
export const flagged = signal<ReadonlySet<string>>(new Set());
/** The change of owner that is under way. */
export const acting = signal<string | undefined>(undefined);

/** The last attempt by conversation: the same words go out under the same key, so that a lost answer doubles nothing. */
const attempts = new Map<string, Attempt>();

type Sender = { watch(conversation: string, after: number): void; unwatch(conversation: string): void; typing(conversation: string, on: boolean): void };
let socket: Sender = { watch() {}, unwatch() {}, typing() {} };
export const useSocket = (sender: Sender) => void (socket = sender);

const typing = typingOf((conversation, on) => socket.typing(conversation, on));

export async function show(id: string) {
  if (open.peek()?.id === id) return;
  hide();
  open.value = { id };
  await reload();
  const row = openRow.peek();
  if (open.peek()?.id === id && row) stayWith(row);
}

export function hide() {
  const before = open.peek();
  if (!before) return;
  typing.stop(before.id);
  socket.unwatch(before.id);
  customerTypes.value = false;
  open.value = undefined;
}

/** Fetches the open conversation again, whole, and watches it from there. */
export async function reload() {
  const id = open.peek()?.id;
  if (!id) return;
  try {
    const detail = await api.conversation(id);
    if (open.peek()?.id !== id) return;
    const { events } = merge(detail.events, open.peek()?.detail?.events.filter(({ seq }) => lastSeq(detail.events) < seq) ?? []);
    open.value = { id, detail: { ...detail, events } };
    heardOf(detail.row);
    markSeen(id, lastSeq(events));
    socket.watch(id, lastSeq(events));
  } catch (thrown) {
    if (open.peek()?.id !== id) return;
    if (open.peek()?.detail) tellFault(thrown);
    else open.value = { id, fault: thrown instanceof Refusal ? messageOf(thrown) : words.failed };
  }
}

/** Adds what the server says has happened; fetches everything again after a gap. */
export function happened(conversation: string, incoming: WireEvent[]) {
  const { id, detail } = open.peek() ?? {};
  if (!detail || id !== conversation) return;
  const before = lastSeq(detail.events);
  const { events, gap } = merge(detail.events, incoming);
  open.value = { id, detail: { ...detail, events } };
  markSeen(id, lastSeq(events));
  if (gap) void reload();
  for (const event of events.filter(({ seq }) => before < seq)) {
    if (event.from === 'customer') customerTypes.value = false;
    if (event.kind === 'message' && event.text && event.name !== me.peek()?.name) {
      const who = event.from === 'customer' ? nameOf(openRow.peek()) : (event.name ?? words.bot);
      announce(words.said(who, event.text));
    } else if (event.kind === 'owner' && event.text) announce(event.text);
  }
}

let typingEnds: ReturnType<typeof setTimeout> | undefined;
const TYPING_MS_MAX = 10_000;

export function customerTyping(conversation: string, on: boolean) {
  if (open.peek()?.id !== conversation) return;
  clearTimeout(typingEnds);
  if (on && !customerTypes.peek()) announce(words.typing(nameOf(openRow.peek())));
  customerTypes.value = on;
  if (on) typingEnds = setTimeout(() => (customerTypes.value = false), TYPING_MS_MAX);
}

export function write(id: string, text: string) {
  drafts.value = changed(drafts.peek(), id, text || undefined);
  if (text.trim()) typing.wrote(id);
  else typing.stop(id);
}

export const stopTyping = (id: string) => typing.stop(id);

/** Sends what is written in this conversation; what isn't accepted comes back into the draft. */
export async function send(id: string) {
  const text = (drafts.peek().get(id) ?? '').trim();
  if (!text || underWay.peek().has(id)) return;
  const last = attempts.get(id);
  const attempt = last?.text === text ? last : { key: crypto.randomUUID(), text };
  attempts.set(id, attempt);
  underWay.value = changed(underWay.peek(), id, attempt);
  drafts.value = changed(drafts.peek(), id, undefined);
  replyFaults.value = changed(replyFaults.peek(), id, undefined);
  typing.stop(id);
  try {
    const after = open.peek()?.id === id ? lastSeq(events.peek()) : (seen.peek().get(id) ?? 0);
    const { seq, at } = await api.reply(id, { ...attempt, after });
    attempts.delete(id);
    const known = open.peek()?.id === id ? lastSeq(events.peek()) : seq;
    if (known < seq) happened(id, [{ seq, at, from: 'staff', name: me.peek()?.name ?? '', kind: 'message', text }]);
  } catch (thrown) {
    const since = drafts.peek().get(id);
    drafts.value = changed(drafts.peek(), id, since ? `${text}\n${since}` : text);
    const conflict = thrown instanceof Refusal && thrown.status === 409;
    const readFirst = conflict && 0 < thrown.events.length;
    const why = readFirst ? words.newFirst : `${words.notSent} ${messageOf(thrown)}`;
    replyFaults.value = changed(replyFaults.peek(), id, why);
    if (readFirst) happened(id, thrown.events);
    else if (conflict && open.peek()?.id === id) void reload();
    announce(why);
  } finally {
    underWay.value = changed(underWay.peek(), id, undefined);
  }
}

/** Takes it, gives it back or closes it; true when it is done. */
export async function act(what: 'take' | 'handBack' | 'close'): Promise<boolean> {
  const id = open.peek()?.id;
  if (!id || acting.peek()) return false;
  acting.value = what;
  try {
    const { row } = await api[what](id);
    heardOf(row);
    if (what === 'take') stayWith(row);
    else {
      drafts.value = changed(drafts.peek(), id, undefined);
      replyFaults.value = changed(replyFaults.peek(), id, undefined);
    }
    tell({ take: words.taken, handBack: words.handedBack, close: words.closed }[what]);
    return true;
  } catch (thrown) {
    tellFault(thrown);
    if (thrown instanceof Refusal && thrown.status === 409) void reload();
    return false;
  } finally {
    acting.value = undefined;
  }
}

export async function flag(seq: number) {
  const id = open.peek()?.id;
  if (!id) return;
  try {
    await api.flag(id, seq);
    flagged.value = new Set(flagged.peek()).add(`${id}:${seq}`);
    tell(words.flaggedThanks);
  } catch (thrown) {
    tellFault(thrown);
  }
}

/** Forgets drafts and everything that is open: somebody else may sign in. */
export function forgetOpen() {
  hide();
  attempts.clear();
  drafts.value = new Map();
  underWay.value = new Map();
  replyFaults.value = new Map();
  flagged.value = new Set();
}

function changed<T>(map: ReadonlyMap<string, T>, id: string, value: T | undefined): ReadonlyMap<string, T> {
  const result = new Map(map);
  if (value === undefined) result.delete(id);
  else result.set(id, value);
  return result;
}
