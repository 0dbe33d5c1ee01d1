// The causes of unanswered questions and the suggestions: loading and changing them.
import { signal } from '@preact/signals';
import type { CauseRow, QuestionRow } from '../protocol';
import { api, messageOf } from './api';
import type { CauseStatus } from './routes';
import { tell, tellFault } from './state';
import { words } from './words';

export const causes = signal<CauseRow[] | undefined>(undefined);
export const suggestions = signal<QuestionRow[] | undefined>(undefined);
export const causesFault = signal<string | undefined>(undefined);

export async function loadCauses() {
  try {
    const answer = await api.causes();
    causes.value = answer.causes;
    suggestions.value = answer.suggestions;
    causesFault.value = undefined;
  } catch (thrown) {
    if (causes.peek()) tellFault(thrown);
    else causesFault.value = messageOf(thrown);
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

export function forgetCauses() {
  causes.value = undefined;
  suggestions.value = undefined;
  causesFault.value = undefined;
}
