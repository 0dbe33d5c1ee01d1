// What survives a reload: one record in the browser's storage, and only once the customer has said something.
import type { Outbox } from './outbox';

/** The loader looks for the same name. */
const NAME = 'plainbill';

export type Remembered = {
  conversation?: string;
  resume?: string;
  outbox?: Outbox;
  draft?: string;
  /** The last event that was on the screen, for counting what is unread. */
  read?: number;
  /** Whose conversation it is, so that nobody else's is ever opened. */
  subject?: string;
};

export type Memory = { recall(): Remembered; keep(remembered: Remembered): void; forget(): void };

/** Keeps it nowhere (`none`), until the tab closes (`session`) or for good (`local`); where the browser refuses, nowhere. */
export function makeMemory(persist = 'session'): Memory {
  const attempt = <T>(act: (storage: Storage) => T): T | undefined => {
    try {
      return persist === 'none' ? undefined : act(persist === 'local' ? localStorage : sessionStorage);
    } catch {
      return undefined;
    }
  };
  return {
    recall: () => attempt((storage) => JSON.parse(storage[NAME])) ?? {},
    keep: (remembered: Remembered) => attempt((storage) => (storage[NAME] = JSON.stringify(remembered))),
    forget: () => attempt((storage) => storage.removeItem(NAME)),
  };
}
