// Times and counts as people write them.

/**
 * The first of these that names a language, also where it is written as programs do (`en_GB.UTF-8`). Nothing where none
 * does: that is the browser's own.
 */
export function goodLocale(...wanted: readonly (string | undefined)[]): string | undefined {
  for (const tag of wanted) {
    try {
      return Intl.getCanonicalLocales(
        tag!
          .trim()
          .slice(0, 99)
          .split(/[.@,;]/)[0]!
          .replace(/_/g, '-'),
      )[0];
    } catch {}
  }
  return undefined;
}

/** "10:42", in the reader's own way of writing it. */
export const clock = (at: number, locale?: string) => new Date(at).toLocaleTimeString(locale, { timeStyle: 'short' });

/** "Monday 3 June". */
export const day = (at: number, locale?: string) =>
  new Date(at).toLocaleDateString(locale, { weekday: 'long', day: 'numeric', month: 'long' });

export const sameDay = (one: number, other: number) => new Date(one).toDateString() === new Date(other).toDateString();

/** "Mon 10:42": enough in a conversation that is still going on. */
export const moment = (at: number, locale?: string) =>
  new Date(at).toLocaleString(locale, { weekday: 'short', hour: 'numeric', minute: '2-digit' });

/** "1 new message", "3 new messages". */
export const plural = (count: number, one: string, other: string) => `${count} ${count === 1 ? one : other}`;

const RANKS = ['first', 'second', 'third', 'fourth', 'fifth'];

/** "second", "third", "number 21". */
export const rank = (place: number) => RANKS[place - 1] ?? `number ${place}`;
