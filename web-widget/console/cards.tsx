// Shows a card of figures as a table, the same rows that the customer sees.
import type { WireCard, WireRow } from '../protocol';

/** What is longer is a sentence and may break. */
const SUM_CHARS_MAX = 24;

export const CardTable = ({ card }: { card: WireCard }) => (
  <div class="card">
    <table>
      <caption>{card.title}</caption>
      <tbody>
        {card.rows.map((row, index) => (
          <Line key={index} row={row} />
        ))}
      </tbody>
      {card.total && (
        <tfoot>
          <Line row={card.total} />
        </tfoot>
      )}
    </table>
    {card.note && <p class="note">{card.note}</p>}
  </div>
);

const Line = ({ row: { label, detail, amount, mark } }: { row: WireRow }) => (
  <tr class={mark ? 'marked' : undefined}>
    <th scope="row">
      {label}
      {mark && ' '}
      {mark && <span class="mark-text">{mark}</span>}
      {detail && <small>{detail}</small>}
    </th>
    <td>{amount && <span class={amount.length <= SUM_CHARS_MAX ? 'sum' : undefined}>{amount}</span>}</td>
  </tr>
);
