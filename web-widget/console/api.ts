// The requests to /api/v1: one function each, with errors as values of one kind.
import type {
  CauseRow,
  ConversationDetail,
  ConversationRow,
  Goodwill,
  GoodwillAnswer,
  GoodwillOffer,
  QuestionRow,
  ReplyBody,
  StaffMember,
  WireEvent,
} from '../protocol';
import type { CauseStatus, ListName } from './routes';
import { words } from './words';

const ANSWER_MS_MAX = 15_000;

/** A request that was not granted, with a message that can be shown. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly events: WireEvent[] = [],
  ) {
    super(message);
  }
}

/** Who is signed in, as far as this page knows; counts up whenever somebody comes or goes. */
let sitting = 0;
let believed = '';
/** From here on requests are this person's; what was asked for before is answered to nobody. */
export function sits(id: string | undefined) {
  sitting++;
  believed = id ?? '';
}

/** Is told when a request finds that nobody is signed in, or somebody else. */
let onSignedOut = () => {};
export const whenSignedOut = (listener: () => void) => void (onSignedOut = listener);

const conversation = (id: string) => `conversations/${encodeURIComponent(id)}`;

export const api = {
  me: () => ask<{ me: StaffMember }>('GET', 'me'),
  login: (login: string, password: string) => ask<{ me: StaffMember }>('POST', 'login', { login, password }),
  logout: () => ask<void>('POST', 'logout', {}),
  list: (list: ListName) =>
    ask<{ conversations: ConversationRow[]; total: number }>('GET', `conversations?list=${list}`),
  conversation: (id: string) => ask<ConversationDetail>('GET', conversation(id)),
  take: (id: string) => ask<{ row: ConversationRow }>('POST', `${conversation(id)}/take`, {}),
  handBack: (id: string) => ask<{ row: ConversationRow }>('POST', `${conversation(id)}/hand-back`, {}),
  close: (id: string) => ask<{ row: ConversationRow }>('POST', `${conversation(id)}/close`, {}),
  reply: (id: string, reply: ReplyBody) => ask<{ seq: number; at: number }>('POST', `${conversation(id)}/reply`, reply),
  flag: (id: string, seq: number) => ask<void>('POST', `${conversation(id)}/flag`, { seq }),
  goodwill: (id: string) => ask<GoodwillOffer>('GET', `${conversation(id)}/goodwill`),
  give: (id: string, goodwill: Goodwill) => ask<GoodwillAnswer>('POST', `${conversation(id)}/goodwill`, goodwill),
  causes: () => ask<{ causes: CauseRow[]; suggestions: QuestionRow[] }>('GET', 'causes'),
  changeCause: (id: string, change: { name?: string; status?: CauseStatus }) =>
    ask<{ cause: CauseRow }>('POST', `causes/${encodeURIComponent(id)}`, change),
};

/** An answer to somebody who has left: nobody waits for it any more. */
const nobodys = () => new Promise<never>(() => {});

async function ask<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
  const asked = sitting;
  try {
    const answer = await exchange<T>(method, path, body);
    return asked === sitting ? answer : nobodys();
  } catch (thrown) {
    if (asked !== sitting) return nobodys();
    // Whoever is told leaves, and with them goes what was asked.
    if (thrown instanceof Refusal && thrown.status === 401 && path !== 'login') onSignedOut();
    if (asked !== sitting) return nobodys();
    throw thrown;
  }
}

/** A clock of this machine that differs by less is taken as right: the server tells whole seconds. */
const CLOCK_MS_MAX = 3_000;
let clockIsOffBy = 0;

/** Compares this machine's clock with the server's: how long somebody has waited is counted from the server's times. */
function hearTime(date: string | null) {
  const offBy = Date.parse(date ?? '') - Date.now();
  if (!Number.isNaN(offBy)) clockIsOffBy = Math.abs(offBy) < CLOCK_MS_MAX ? 0 : offBy;
}

/** What time it is on the server. */
export const serverNow = () => Date.now() + clockIsOffBy;

async function exchange<T>(method: 'GET' | 'POST', path: string, body: unknown): Promise<T> {
  const response = await fetch(new URL(`api/v1/${path}`, location.href), {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(believed && { 'x-plainbill-staff': believed }),
    },
    body: body === undefined ? null : JSON.stringify(body),
    cache: 'no-store',
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  }).catch(() => {
    throw new Refusal(0, 'unreachable', words.unreachable);
  });
  hearTime(response.headers.get('date'));
  if (response.status === 204) return undefined as T;
  const answer = await response.json().catch(() => undefined);
  if (response.ok && answer !== undefined) return answer as T;
  const wrong = response.status === 401 && path === 'login' ? words.signInWrong : undefined;
  throw new Refusal(
    response.status,
    answer?.code ?? 'unknown',
    wrong ?? answer?.message ?? words.failed,
    answer?.events ?? [],
  );
}

/** What to show for whatever was thrown. */
export const messageOf = (thrown: unknown): string => (thrown instanceof Refusal ? thrown.message : words.failed);
