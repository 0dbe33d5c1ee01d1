// What somebody has written and not sent, kept in this tab: it outlives a reload, and it goes with the person.

const STORED_AS = 'plainbill.console.unsent';

/** Words for a conversation; a `key` where they went out and nobody knows whether they arrived after that position. */
export type Unsent = { id: string; text: string; key?: string; after?: number };
type Kept = { who: string; unsent: Unsent[] };

/** Keeps what this person has not sent, in place of what was kept before. */
export function keepUnsent(who: string, unsent: Unsent[]) {
  try {
    if (unsent.length) sessionStorage.setItem(STORED_AS, JSON.stringify({ who, unsent } satisfies Kept));
    else sessionStorage.removeItem(STORED_AS);
  } catch {
    // A browser that keeps nothing forgets it with the page.
  }
}

/** What this person had not sent; what anybody else left here is thrown away. */
export function unsentOf(who: string): Unsent[] {
  try {
    const kept = JSON.parse(sessionStorage.getItem(STORED_AS) ?? 'null') as Kept | null;
    if (kept?.who === who && Array.isArray(kept.unsent)) return kept.unsent;
    sessionStorage.removeItem(STORED_AS);
  } catch {
    // Nothing that can be read is nothing.
  }
  return [];
}
