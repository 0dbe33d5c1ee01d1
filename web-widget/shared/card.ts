// Shows a card of figures as a real table, with the marks in words.
import type { WireCard, WireRow } from '../protocol';
import { h } from './dom';

export function cardTable(card: WireCard): HTMLElement {
  return h(
    'div',
    { class: 'card' },
    h(
      'table',
      {},
      h('caption', {}, card.title),
      h('tbody', {}, ...card.rows.map(tableRow)),
      card.total && h('tfoot', {}, tableRow(card.total)),
    ),
    card.note && h('p', { class: 'note' }, card.note),
  );
}

const tableRow = ({ label, detail, mark, amount }: WireRow) =>
  h(
    'tr',
    { class: mark ? 'marked' : null },
    h(
      'th',
      { scope: 'row' },
      `${label} `,
      mark && h('span', { class: 'mark' }, mark),
      detail && h('small', {}, detail),
    ),
    h('td', {}, amount ?? ''),
  );
