// What survives a reload: a record in the browser's storage, and only once the customer has said something.
//
// Tabs may share the storage. So a tab writes only what it has changed itself, and each message that waits has a place
// of its own: no tab ever writes over another's.
import type { Entry, Outbox } from './outbox';

/** The loader looks for the same name. */
const NAME = 'plainbill';
const ENTRY = `${NAME}:`;

export type Remembered = {
  conversation?: string;
  resume?: string;
  outbox?: Outbox;
  draft?: string;
  /** The last event that was on the screen, for counting what is unread. */
  read?: number;
  /** Whose conversation it is, so that nobody else's is ever opened. */
  subject?: string;
  /** A customer's conversation that is closed here until the page vouches for them again. */
  aside?: Remembered;
};

export type Memory = {
  recall(): Remembered;
  /** What another tab may have written meanwhile, without the messages that wait. */
  peek(): Remembered;
  keep(remembered: Remembered): void;
  forget(): void;
};

/** Keeps it nowhere (`none`), until the tab closes (`session`) or for good (`local`); where the browser refuses, nowhere. */
export function makeMemory(persist = 'session'): Memory {
  /** What this tab has read or written last. */
  let known: Remembered = {};

  const attempt = <T>(act: (storage: Storage) => T): T | undefined => {
    try {
      return persist === 'none' ? undefined : act(persist === 'local' ? localStorage : sessionStorage);
    } catch {
      return undefined;
    }
  };
  const names = (storage: Storage) => Object.keys(storage).filter((name) => name.startsWith(ENTRY));
  const record = (): Remembered => attempt((storage) => JSON.parse(storage[NAME])) ?? {};
  const entries = (): Entry[] =>
    (attempt(names) ?? [])
      .flatMap((name) => attempt((storage) => JSON.parse(storage[name])) ?? [])
      .sort((one, other) => one.at - other.at);

  const isIn = (outbox: Outbox, entry: Entry) => outbox.some(({ frame }) => frame.key === entry.frame.key);

  const keep = (storage: Storage, { outbox = [], ...rest }: Remembered) => {
    const before = known.outbox ?? [];
    outbox
      .filter((entry) => !before.includes(entry))
      .forEach((entry) => (storage[ENTRY + entry.frame.key] = JSON.stringify(entry)));
    const changed = Object.entries(rest).filter(([name, value]) => value !== known[name as keyof Remembered]);
    storage[NAME] = JSON.stringify({ ...record(), ...Object.fromEntries(changed) });
    before.filter((entry) => !isIn(outbox, entry)).forEach((entry) => storage.removeItem(ENTRY + entry.frame.key));
    known = { ...rest, outbox };
  };

  return {
    recall: () => (known = { ...record(), outbox: entries() }),
    peek: record,
    keep: (remembered) => attempt((storage) => keep(storage, remembered)),
    forget: () =>
      attempt((storage) => {
        // What another tab has begun since, with somebody else, is not ours.
        const ours = record().conversation === known.conversation;
        const forgotten = ours ? [NAME, ...names(storage)] : known.outbox?.map(({ frame }) => ENTRY + frame.key);
        forgotten?.forEach((name) => storage.removeItem(name));
        known = {};
      }),
  };
}
