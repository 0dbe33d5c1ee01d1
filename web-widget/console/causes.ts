// The causes of unanswered questions and the suggestions: loading and changing them.
import { signal } from '@preact/signals';
import type { CauseRow, QuestionRow } from '../protocol';
import { api, messageOf } from './api';
import type { CauseStatus } from './routes';
import { tell, tellFault } from './state';
import { words } from './words';

export const causes = signal<CauseRow[] | undefined>(undefined);
export const suggestions = signal<QuestionRow[] | undefined>(undefined);
/** Why they could not be fetched the last time; what is shown then is older. */
export const causesFault = signal<string | undefined>(undefined);
/** The causes whose examples are unfolded, and those of which all are: so they are after a look at a conversation too. */
export const unfolded = signal<ReadonlyMap<string, 'some' | 'all'>>(new Map());

export async function loadCauses() {
  try {
    const answer = await api.causes();
    causes.value = answer.causes;
    suggestions.value = answer.suggestions;
    causesFault.value = undefined;
  } catch (thrown) {
    causesFault.value = messageOf(thrown);
  }
}

/** Renames, closes or reopens a cause; true when it is done. */
export async function changeCause(id: string, change: { name?: string; status?: CauseStatus }): Promise<boolean> {
  try {
    const { cause } = await api.changeCause(id, change);
    causes.value = causes.peek()?.map((known) => (known.id === id ? cause : known));
    tell(change.name ? words.renamed : change.status === 'closed' ? words.causeClosed : words.causeOpened);
    return true;
  } catch (thrown) {
    tellFault(thrown);
    return false;
  }
}

export function unfold(id: string, to: 'some' | 'all' | undefined) {
  const after = new Map(unfolded.peek());
  if (to) after.set(id, to);
  else after.delete(id);
  unfolded.value = after;
}

export function forgetCauses() {
  unfolded.value = new Map();
  causes.value = undefined;
  suggestions.value = undefined;
  causesFault.value = undefined;
}
