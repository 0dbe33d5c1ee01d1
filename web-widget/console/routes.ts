// What the address after the # means: every state of the console that can be linked to.

export const LISTS = ['waiting', 'mine', 'bot', 'closed'] as const;
export type ListName = (typeof LISTS)[number];
export type CauseStatus = 'open' | 'closed';

export type Route =
  | { view: 'inbox'; list: ListName }
  | { view: 'conversation'; id: string; seq?: number }
  | { view: 'questions'; status: CauseStatus }
  | { view: 'suggestions' };

export const HOME = { view: 'inbox', list: 'waiting' } as const satisfies Route;

const isList = (word: string | undefined): word is ListName => LISTS.includes(word as ListName);

/** The route of an address; what it doesn't know is the list of those who wait. */
export function parse(hash: string): Route {
  const [view, first, second] = hash
    .replace(/^#?\/?/, '')
    .split('/')
    .map(decoded);
  if (view === 'inbox' && isList(first)) return { view, list: first };
  if (view === 'conversation' && first) {
    const seq = Number(second);
    return Number.isInteger(seq) && 0 < seq ? { view, id: first, seq } : { view, id: first };
  }
  if (view === 'questions') return { view, status: first === 'closed' ? 'closed' : 'open' };
  if (view === 'suggestions') return { view };
  return HOME;
}

/** The address of a route. */
export function href(route: Route): string {
  if (route.view === 'inbox') return `#/inbox/${route.list}`;
  if (route.view === 'conversation')
    return `#/conversation/${encodeURIComponent(route.id)}${route.seq ? `/${route.seq}` : ''}`;
  if (route.view === 'questions') return route.status === 'closed' ? '#/questions/closed' : '#/questions';
  return '#/suggestions';
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
