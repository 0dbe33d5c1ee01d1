// The conversation as plain text, to keep or to send on. Pure.
import type { WireEvent, WireRow } from '../protocol';
import { isSaid } from './conversation';
import * as words from './words';

/** Who an event is from, as the customer reads it. */
export const speaker = ({ from, name }: Pick<WireEvent, 'from' | 'name'>) =>
  from === 'customer' ? words.you : from === 'bot' ? words.assistant : (name ?? words.us);

/** Every message with its time and speaker, cards as lines. */
export const transcript = (events: readonly WireEvent[], locale?: string) =>
  events
    .filter((event) => isSaid(event) || event.kind === 'owner')
    .map(
      (event) =>
        `${new Date(event.at).toLocaleString(locale)}  ${isSaid(event) ? `${speaker(event)}: ` : ''}${spoken(event)}\n`,
    )
    .join('');

/** An event's words and figures as text. */
export const spoken = ({ text, card, receipt }: WireEvent): string =>
  [
    text,
    receipt?.undo,
    receipt?.reference,
    ...(card ? [card.title, ...card.rows.map(row), card.total && row(card.total), card.note] : []),
  ]
    .filter(Boolean)
    .join('\n');

const row = ({ label, mark, detail, amount }: WireRow) =>
  `  ${[label, mark, detail, amount].filter(Boolean).join(', ')}`;
