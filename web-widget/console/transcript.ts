// The log of a conversation as a reader needs it: gap-free, grouped by speaker and day, with what the bot understood.
import type { Understood, WireEvent, WireReading } from '../protocol';
import { sameDay } from '../shared/format';

/** Messages by one speaker that follow within this time stand under one name. */
const ONE_BREATH_MS = 5 * 60_000;

export type Speaker = 'customer' | 'bot' | 'me' | 'colleague' | 'system';

export type Block =
  | { kind: 'day'; at: number }
  | { kind: 'line'; event: WireEvent }
  | { kind: 'group'; speaker: Speaker; name?: string; at: number; events: WireEvent[] };

export const lastSeq = (events: readonly WireEvent[]): number => events.at(-1)?.seq ?? 0;

/** Adds events in order; one that is there already is replaced, and none is added after a gap. */
export function merge(
  events: readonly WireEvent[],
  incoming: readonly WireEvent[],
): { events: WireEvent[]; gap: boolean } {
  const result = [...events];
  const first = events[0]?.seq ?? 1;
  for (const event of [...incoming].sort((one, other) => one.seq - other.seq)) {
    const last = lastSeq(result);
    if (last + 1 < event.seq && 0 < last) return { events: result, gap: true };
    if (last < event.seq) result.push(event);
    else if (first <= event.seq) result[event.seq - first] = event;
  }
  return { events: result, gap: false };
}

/**
 * What the bot understood, by the `seq` of the message under which it is shown.
 * The bot's own step counts for the newest customer message before it.
 */
export function understoodBelow(events: readonly WireEvent[]): Map<number, Understood> {
  const found = new Map<number, Understood>();
  let customer: number | undefined;
  for (const event of events) {
    if (event.from === 'customer' && event.kind === 'message') customer = event.seq;
    if (!event.understood) continue;
    const below = event.from === 'customer' ? event.seq : (customer ?? event.seq);
    if (event.from === 'customer' || !found.has(below)) found.set(below, event.understood);
  }
  return found;
}

/** How the bot read a customer's words, by the `seq` of the message under which it is shown. */
export function readBelow(events: readonly WireEvent[]): Map<number, WireReading[]> {
  const found = new Map<number, WireReading[]>();
  let customer: number | undefined;
  for (const event of events) {
    if (event.from === 'customer' && event.kind === 'message') customer = event.seq;
    if (event.read_as && customer !== undefined && !found.has(customer)) found.set(customer, event.read_as);
  }
  return found;
}

/** The messages that can be marked "Bot was wrong", one for each exchange: the bot's answer, else the words that it looked at. */
export function flaggable(events: readonly WireEvent[]): Set<number> {
  const found = new Set<number>();
  let asked: number | undefined;
  for (const { seq, from, kind, understood, rateable } of events) {
    if (kind !== 'message') continue;
    if (from === 'customer') {
      asked = seq;
      if (understood) found.add(seq);
    } else if (rateable) {
      if (asked) found.delete(asked);
      found.add(seq);
    }
  }
  return found;
}

/** Who speaks, from the point of view of the person who reads. */
export function speakerOf(event: WireEvent, myName: string): Speaker {
  if (event.kind === 'receipt' && event.from !== 'staff') return 'bot';
  if (event.kind !== 'message' && event.kind !== 'receipt') return 'system';
  if (event.from === 'customer' || event.from === 'bot') return event.from;
  if (event.from === 'staff') return event.name === myName ? 'me' : 'colleague';
  return 'system';
}

/** The log cut into days, lines in the middle, and groups of messages by one speaker. */
export function blocks(events: readonly WireEvent[], myName: string): Block[] {
  const result: Block[] = [];
  let before: number | undefined;
  for (const event of events) {
    if (before === undefined || !sameDay(before, event.at)) result.push({ kind: 'day', at: event.at });
    before = event.at;
    const speaker = speakerOf(event, myName);
    const last = result.at(-1);
    if (speaker === 'system') result.push({ kind: 'line', event });
    else if (
      last?.kind === 'group' &&
      last.speaker === speaker &&
      last.name === event.name &&
      event.at - last.events.at(-1)!.at < ONE_BREATH_MS
    )
      last.events.push(event);
    else result.push({ kind: 'group', speaker, name: event.name, at: event.at, events: [event] });
  }
  return result;
}

export type Paragraph = { kind: 'p'; text: string } | { kind: 'ul'; items: string[] };

/** A text as paragraphs and lists of the lines that begin with "- ". */
export function paragraphs(text: string): Paragraph[] {
  const result: Paragraph[] = [];
  let list: string[] | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith('- ')) {
      if (!list) result.push({ kind: 'ul', items: (list = []) });
      list.push(line.slice(2));
      continue;
    }
    list = undefined;
    if (line.trim()) result.push({ kind: 'p', text: line });
  }
  return result;
}

/** Signs that turn the direction of what follows: in somebody's words they make things look like what they are not. */
const TURNING = /[\u202a-\u202e\u2066-\u2069]/g;

/** Words of others without such signs; letters that are written from right to left turn by themselves. */
export const plainly = (text: string): string => text.replace(TURNING, '');

/** Whether words that somebody of staff has sent stand in the log. */
export const arrived = (
  events: readonly WireEvent[],
  { text, after }: { text: string; after: number },
  name: string,
): boolean =>
  events.some((event) => after < event.seq && event.from === 'staff' && event.name === name && event.text === text);

/** Whether this member of staff has said something after a position. */
export const saidByMe = (events: readonly WireEvent[], after: number, name: string): boolean =>
  events.some((event) => after < event.seq && event.from === 'staff' && event.name === name);
