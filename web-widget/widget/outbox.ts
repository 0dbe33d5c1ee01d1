// What the customer sent and the server has not shown yet. Pure: entries stay until the log has them.
import type { ClientFrame, Code } from '../protocol';

/** Without an answer for so many seconds of a page that is awake, the customer is told and asked. */
export const PATIENCE_S = 600;

/** Frames that must not be lost: each has a key, and a repeated key gets the same ack. */
export type Kept = Extract<ClientFrame, { key: string }>;

/** Such a frame before it has its key. */
export type Unkeyed = Kept extends infer Frame ? (Frame extends Kept ? Omit<Frame, 'key'> : never) : never;

export type Entry = {
  frame: Kept;
  /** What the customer sees until the log has it; absent for what doesn't show as words. */
  shown?: string;
  /** When it was written, for the order alone: clocks jump. */
  at: number;
  /** The second of this page's life since which it waits. */
  since: number;
  state: 'sending' | 'failed';
  /** Why it can't be sent as it is, in plain words; absent where trying again may help. */
  reason?: string;
};

export type Outbox = readonly Entry[];

export const put = (outbox: Outbox, frame: Kept, since: number, shown?: string): Outbox => [
  ...outbox,
  { frame, shown, at: Math.max(Date.now(), (outbox.at(-1)?.at ?? 0) + 1), since, state: 'sending' },
];

export const without = (outbox: Outbox, key: string): Outbox => outbox.filter((entry) => entry.frame.key !== key);

/** The frames to send on a new connection, in the order in which they were made. */
export const toSend = (outbox: Outbox): Kept[] =>
  outbox.filter((entry) => entry.state === 'sending').map((entry) => entry.frame);

/** The server has it. What shows as words waits for its event; the rest is done. */
export const acked = (outbox: Outbox, key: string): Outbox =>
  outbox.filter((entry) => entry.frame.key !== key || entry.shown);

/** The entry with this key as the changes say; trying again keeps the key, so that nothing arrives twice. */
export const change = (outbox: Outbox, key: string, changes: Partial<Entry>): Outbox =>
  outbox.map((entry) => (entry.frame.key === key ? { ...entry, ...changes } : entry));

/** Gives up on what has waited too long. */
export const expired = (outbox: Outbox, second: number): Outbox =>
  outbox.some((entry) => isOld(entry, second))
    ? outbox.map((entry) => (isOld(entry, second) ? { ...entry, state: 'failed' } : entry))
    : outbox;

/** Errors that pass: the entry is kept and tried again by itself. */
export const passes = (code: Code) => /unavailable|busy|rate_limited|not_welcomed/.test(code);

const isOld = (entry: Entry, second: number) => entry.state === 'sending' && second - entry.since >= PATIENCE_S;
