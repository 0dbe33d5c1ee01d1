// The conversation that is open: its log, what is being written, and what can be done with it.
import { batch, computed, effect, signal } from '@preact/signals';
import type { ConversationDetail, ConversationRow, WireEvent } from '../protocol';
import { api, messageOf, Refusal } from './api';
import { keepUnsent, unsentOf } from './belongings';
import { answeredWith, asking, heardOf, holds, markSeen, rows, seen, stayWith } from './desk';
import { newKey } from './key';
import { backOff } from './socket';
import { announce, isLive, mayAnswer, me, myId, nameOf, now, tell, tellFault } from './state';
import { arrived, lastSeq, merge } from './transcript';
import { typingOf } from './typing';
import { words } from './words';

type Open = { id: string; detail?: ConversationDetail; fault?: string };
/** Words that go out under one key, so that a lost answer doubles nothing; `after` is what was on the screen. */
type Attempt = { key: string; text: string; after: number };

export const open = signal<Open | undefined>(undefined);
export const openRow = computed<ConversationRow | undefined>(() => {
  const inList = open.value && rows.value.get(open.value.id);
  const alone = open.value?.detail?.row;
  return inList && (!alone || alone.seq <= inList.seq) ? inList : alone;
});
/** Why the open conversation could not be fetched again, while there is an older state of it. */
export const openFault = signal<string | undefined>(undefined);
const fetched = signal(false);
/** Whether what is shown of the open conversation is known to be as the server has it. */
export const openKnown = computed(() => !open.value || (isLive.value && fetched.value));
/** Since when it counts no more who the customer has shown to be: somebody else may be writing. */
export const proofEnded = computed(() => {
  const until = open.value?.detail?.verified_until;
  return until !== undefined && until <= now.value ? until : undefined;
});
export const events = computed<readonly WireEvent[]>(() => open.value?.detail?.events ?? []);
export const isMine = computed(
  () => openRow.value?.owner === 'staff' && openRow.value.staff?.id === myId.value && mayAnswer.value,
);
export const customerTypes = signal(false);

/** What is written and not sent, by conversation; it never leaves its conversation. */
export const drafts = signal<ReadonlyMap<string, string>>(new Map());
/** What is on its way, by conversation. */
export const underWay = signal<ReadonlyMap<string, Attempt>>(new Map());
/** Why the last reply is not sent, by conversation. */
export const replyFaults = signal<ReadonlyMap<string, string>>(new Map());
/** Messages that this person has just marked as wrong, as "conversation:seq". */
export const flagged = signal<ReadonlySet<string>>(new Set());
/** The change of owner that is under way. */
export const acting = signal<string | undefined>(undefined);

/** The last attempt by conversation, until its answer is there. */
const attempts = new Map<string, Attempt>();

type Sender = {
  watch(conversation: string, after: number): void;
  unwatch(conversation: string): void;
  typing(conversation: string, on: boolean): void;
};
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
  clearTimeout(again);
  typing.stop(before.id);
  socket.unwatch(before.id);
  customerTypes.value = false;
  open.value = undefined;
  openFault.value = undefined;
  fetched.value = false;
}

let again: ReturnType<typeof setTimeout> | undefined;

/** Fetches the open conversation, whole, and watches it from there; goes on trying while an older state of it is shown. */
export async function reload(tries = 0) {
  const id = open.peek()?.id;
  if (!id) return;
  clearTimeout(again);
  const request = asking();
  try {
    const detail = await api.conversation(id);
    answeredWith(detail.row, request);
    if (open.peek()?.id !== id) return;
    const { events } = merge(
      detail.events,
      open.peek()?.detail?.events.filter(({ seq }) => lastSeq(detail.events) < seq) ?? [],
    );
    batch(() => {
      open.value = { id, detail: { ...detail, events } };
      openFault.value = undefined;
      fetched.value = holds(request);
    });
    markSeen(id, lastSeq(events));
    settle(id);
    socket.watch(id, lastSeq(events));
  } catch (thrown) {
    if (open.peek()?.id !== id) return;
    if (!open.peek()?.detail)
      return void (open.value = { id, fault: thrown instanceof Refusal ? messageOf(thrown) : words.failed });
    openFault.value = messageOf(thrown);
    again = setTimeout(() => void reload(tries + 1), backOff(tries, Math.random()));
  }
}

/** The link is back: what is new comes from here on, and what was missed is fetched. */
export function catchUp() {
  const { id, detail } = open.peek() ?? {};
  if (!id) return;
  if (detail) socket.watch(id, lastSeq(detail.events));
  void reload();
}

/** The link is gone: nobody knows any more what is going on there. */
export function loseTouch() {
  fetched.value = false;
  customerTypes.value = false;
}

/** Keeps the open conversation's row, also where it stands in none of the lists. */
export function rowCame(row: ConversationRow) {
  const { id, detail } = open.peek() ?? {};
  if (detail && id === row.id && detail.row.seq <= row.seq) open.value = { id, detail: { ...detail, row } };
}

/** Adds what the server says has happened; fetches everything again after a gap. */
export function happened(conversation: string, incoming: WireEvent[]) {
  const { id, detail } = open.peek() ?? {};
  if (!detail || id !== conversation) return;
  const before = lastSeq(detail.events);
  const { events, gap } = merge(detail.events, incoming);
  open.value = { id, detail: { ...detail, events } };
  markSeen(id, lastSeq(events));
  settle(id);
  // What was done in billing shows in the account, and so does who it has turned out to be.
  if (gap || incoming.some(({ kind, seq }) => (kind === 'receipt' || kind === 'verified') && before < seq))
    void reload();
  for (const event of events.filter(({ seq }) => before < seq)) {
    if (event.from === 'customer') customerTypes.value = false;
    if (event.kind === 'message' && event.text && event.name !== me.peek()?.name) {
      const who = event.from === 'customer' ? nameOf(openRow.peek()) : (event.name ?? words.bot);
      announce(words.said(who, event.text));
    } else if (event.kind === 'owner' && event.text) announce(event.text);
  }
}

/** What went out and whose answer was lost stands in the log after all: it isn't unsent any more. */
function settle(id: string) {
  const attempt = attempts.get(id);
  if (!attempt || underWay.peek().has(id) || !arrived(events.peek(), attempt, me.peek()?.name ?? '')) return;
  attempts.delete(id);
  const draft = drafts.peek().get(id);
  if (draft?.trim() === attempt.text) drafts.value = changed(drafts.peek(), id, undefined);
  else if (draft?.startsWith(`${attempt.text}\n`))
    drafts.value = changed(drafts.peek(), id, draft.slice(attempt.text.length + 1));
  replyFaults.value = changed(replyFaults.peek(), id, undefined);
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
  const after = open.peek()?.id === id ? lastSeq(events.peek()) : (seen.peek().get(id) ?? 0);
  const last = attempts.get(id);
  const attempt = last?.text === text ? last : { key: newKey(), text, after };
  attempts.set(id, attempt);
  batch(() => {
    underWay.value = changed(underWay.peek(), id, attempt);
    drafts.value = changed(drafts.peek(), id, undefined);
    replyFaults.value = changed(replyFaults.peek(), id, undefined);
  });
  typing.stop(id);
  try {
    const { seq, at } = await api.reply(id, { key: attempt.key, text, after });
    attempts.delete(id);
    const known = open.peek()?.id === id ? lastSeq(events.peek()) : seq;
    if (known < seq) happened(id, [{ seq, at, from: 'staff', name: me.peek()?.name ?? '', kind: 'message', text }]);
    underWay.value = changed(underWay.peek(), id, undefined);
  } catch (thrown) {
    const since = drafts.peek().get(id);
    const refused = thrown instanceof Refusal && 400 <= thrown.status && thrown.status < 500;
    const conflict = refused && thrown.status === 409;
    const readFirst = conflict && 0 < thrown.events.length;
    const why = readFirst ? words.newFirst : `${refused ? words.notSent : words.perhapsSent} ${messageOf(thrown)}`;
    batch(() => {
      drafts.value = changed(drafts.peek(), id, since ? `${text}\n${since}` : text);
      underWay.value = changed(underWay.peek(), id, undefined);
      replyFaults.value = changed(replyFaults.peek(), id, why);
    });
    if (readFirst) happened(id, thrown.events);
    else if (open.peek()?.id === id && (conflict || !refused)) void reload();
    announce(why);
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
    rowCame(row);
    if (what === 'take') stayWith(row);
    else {
      drafts.value = changed(drafts.peek(), id, undefined);
      replyFaults.value = changed(replyFaults.peek(), id, undefined);
    }
    tell({ take: words.taken(me.peek()?.name ?? ''), handBack: words.handedBack, close: words.closed }[what]);
    return true;
  } catch (thrown) {
    if (!(thrown instanceof Refusal && thrown.status === 409)) tellFault(thrown);
    else {
      await reload();
      const row = openRow.peek();
      const holder = row?.owner === 'staff' && row.staff?.id !== myId.peek() ? row.staff?.name : undefined;
      tell(holder ? words.quicker(holder) : words.changedMeanwhile, true);
    }
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

/** Brings back what this person had not sent, say before a reload or before they were signed out. */
export function bringUnsent(who: string) {
  for (const { id, text, key, after } of unsentOf(who)) {
    drafts.value = changed(drafts.peek(), id, text);
    if (key !== undefined) attempts.set(id, { key, text, after: after ?? 0 });
  }
}

/** From now on what isn't sent is kept for whoever is signed in. */
export const keepBelongings = () =>
  effect(() => {
    const ids = new Set([...underWay.value.keys(), ...drafts.value.keys()]);
    const unsent = [...ids].map((id) => {
      const text = [underWay.value.get(id)?.text, drafts.value.get(id)].filter(Boolean).join('\n');
      const attempt = attempts.get(id);
      return attempt?.text === text.trim()
        ? { id, text: attempt.text, key: attempt.key, after: attempt.after }
        : { id, text };
    });
    if (myId.value) keepUnsent(myId.value, unsent);
  });

/** Forgets drafts and everything that is open: somebody else may sign in. */
export function forgetOpen() {
  hide();
  attempts.clear();
  drafts.value = new Map();
  underWay.value = new Map();
  replyFaults.value = new Map();
  flagged.value = new Set();
  acting.value = undefined;
}

function changed<T>(map: ReadonlyMap<string, T>, id: string, value: T | undefined): ReadonlyMap<string, T> {
  const result = new Map(map);
  if (value === undefined) result.delete(id);
  else result.set(id, value);
  return result;
}
