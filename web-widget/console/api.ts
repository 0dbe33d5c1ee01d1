// The requests to /api/v1: one function each, with errors as values of one kind.
import type { CauseRow, ConversationDetail, ConversationRow, Goodwill, GoodwillAnswer, GoodwillOffer, QuestionRow, Reply, StaffMember, WireEvent } from '../protocol';
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

/** Is told when a request finds that nobody is signed in. */
let onSignedOut = () => {};
export const whenSignedOut = (listener: () => void) => void (onSignedOut = listener);

const conversation = (id: string) => `conversations/${encodeURIComponent(id)}`;

export const api = {
  me: () => ask<{ me: StaffMember }>('GET', 'me'),
  login: (login: string, password: string) => ask<{ me: StaffMember }>('POST', 'login', { login, password }),
  logout: () => ask<void>('POST', 'logout', {}),
  list: (list: ListName) => ask<{ conversations: ConversationRow[] }>('GET', `conversations?list=${list}`),
  conversation: (id: string) => ask<ConversationDetail>('GET', conversation(id)),
  take: (id: string) => ask<{ row: ConversationRow }>('POST', `${conversation(id)}/take`, {}),
  handBack: (id: string) => ask<{ row: ConversationRow }>('POST', `${conversation(id)}/hand-back`, {}),
  close: (id: string) => ask<{ row: ConversationRow }>('POST', `${conversation(id)}/close`, {}),
  reply: (id: string, reply: Reply) => ask<{ seq: number; at: number }>('POST', `${conversation(id)}/reply`, reply),
  flag: (id: string, seq: number) => ask<void>('POST', `${conversation(id)}/flag`, { seq }),
  goodwill: (id: string) => ask<GoodwillOffer>('GET', `${conversation(id)}/goodwill`),
  give: (id: string, goodwill: Goodwill) => ask<GoodwillAnswer>('POST', `${conversation(id)}/goodwill`, goodwill),
  causes: () => ask<{ causes: CauseRow[]; suggestions: QuestionRow[] }>('GET', 'causes'),
  changeCause: (id: string, change: { name?: string; status?: CauseStatus }) => ask<{ cause: CauseRow }>('POST', `causes/${encodeURIComponent(id)}`, change),
};

async function ask<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
  const response = await fetch(`/api/v1/${path}`, {
    method,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
    cache: 'no-store',
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  }).catch(() => {
    throw new Refusal(0, 'unreachable', words.unreachable);
  });
  if (response.status === 204) return undefined as T;
  const answer = await response.json().catch(() => undefined);
  if (response.ok && answer !== undefined) return answer as T;
  if (response.status === 401 && path !== 'login') onSignedOut();
  throw new Refusal(response.status, answer?.code ?? 'unknown', answer?.message ?? words.failed, answer?.events ?? []);
}

/** What to show for whatever was thrown. */
export const messageOf = (thrown: unknown): string => (thrown instanceof Refusal ? thrown.message : words.failed);
