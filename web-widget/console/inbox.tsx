// The lists of conversations: who waits and why, what is mine, what the bot has, what is closed.
import { useEffect, useRef } from 'preact/hooks';
import type { ConversationRow } from '../protocol';
import { Icon } from './icons';
import { rowsOf, waitLevel } from './lists';
import { drafts } from './open';
import { href, LISTS, type ListName } from './routes';
import { counts, isFresh, list, listFault, loaded, loadList, myId, nameOf, now, route, rows } from './state';
import { ago, words } from './words';

export function Inbox() {
  const which = list.value;
  const found = rowsOf(rows.value, which, myId.value);
  const title = useRef<HTMLHeadingElement>(null);
  const { view } = route.value;
  const cameFrom = useRef<string | undefined>(undefined);
  useEffect(() => {
    if (route.value.view === 'conversation') cameFrom.current = route.value.id;
    else if (cameFrom.current) {
      const row = document.querySelector<HTMLElement>(`[data-row="${CSS.escape(cameFrom.current)}"]`);
      (row ?? title.current)?.focus();
      cameFrom.current = undefined;
    }
  }, [view, route.value]);
  return (
    <section class="inbox" aria-labelledby="inbox-title">
      <header>
        <h1 id="inbox-title" ref={title} tabIndex={-1}>
          {words.inbox}
        </h1>
        <nav class="tabs" aria-label={words.chooseList}>
          {LISTS.map((name) => (
            <Tab key={name} name={name} here={name === which} />
          ))}
        </nav>
      </header>
      {loaded.value.has(which) ? found.length ? <Rows rows={found} /> : <Empty which={which} /> : <Loading which={which} />}
    </section>
  );
}

function Tab({ name, here }: { name: ListName; here: boolean }) {
  const count = name === 'waiting' || name === 'mine' ? counts.value[name] : 0;
  return (
    <a href={href({ view: 'inbox', list: name })} aria-current={here ? 'true' : undefined}>
      {words.lists[name]}
      {0 < count && <span class="count">{count}</span>}
    </a>
  );
}

const Rows = ({ rows }: { rows: ConversationRow[] }) => (
  <ul class="rows">
    {rows.map((row) => (
      <Row key={row.id} row={row} />
    ))}
  </ul>
);

function Row({ row }: { row: ConversationRow }) {
  const here = route.value.view === 'conversation' && route.value.id === row.id;
  const fresh = isFresh(row) && !here;
  const draft = !here && drafts.value.has(row.id);
  return (
    <li>
      <a class={`row ${fresh ? 'fresh' : ''}`} href={href({ view: 'conversation', id: row.id })} data-row={row.id} aria-current={here ? 'true' : undefined}>
        <span class="who">
          <span class="name">{nameOf(row)}</span>
          <Online on={row.online} />
        </span>
        <span class="what">
          {row.reason && (row.owner === 'queue' || row.owner === 'nobody') && <span class="reason">{row.reason}</span>}
          <span class="words">{row.last_text || words.noWords}</span>
        </span>
        <span class="marks">
          {row.urgent && (
            <span class="chip urgent">
              <Icon name="urgent" />
              {words.urgent}
            </span>
          )}
          {fresh && <span class="chip new">{words.fresh}</span>}
          {draft && <span class="chip">{words.draft}</span>}
          {row.owner === 'queue' && row.waiting_since !== undefined ? <Wait since={row.waiting_since} /> : <Ago at={row.last_at} />}
        </span>
      </a>
    </li>
  );
}

export const Online = ({ on }: { on: boolean }) => (
  <span class={`online ${on ? 'on' : ''}`}>
    <span class="dot" aria-hidden="true" />
    {on ? words.online : words.away}
  </span>
);

/** How long somebody has waited, ticking, in words as well as in color. */
export function Wait({ since }: { since: number }) {
  const ms = now.value - since;
  const level = waitLevel(ms);
  return (
    <span class={`chip wait ${level}`}>
      <Icon name="clock" />
      <span class="unseen">{words.waitingFor} </span>
      {words.waitFor(ms)}
      {words.waits[level] && <span class="level">{words.waits[level]}</span>}
    </span>
  );
}

const Ago = ({ at }: { at: number }) => <time class="ago">{ago(at, now.value)}</time>;

export const Nothing = ({ text: [title, sentence] }: { text: readonly [string, string] }) => (
  <div class="nothing">
    <span class="picture" aria-hidden="true">
      <Icon name="done" />
    </span>
    <p class="title">{title}</p>
    <p>{sentence}</p>
  </div>
);

const Empty = ({ which }: { which: ListName }) => <Nothing text={words.empty[which]} />;

const Loading = ({ which }: { which: ListName }) =>
  listFault.value ? (
    <Fault text={listFault.value} again={() => void loadList(which)} />
  ) : (
    <div class="loading">
      <p class="unseen">{words.loading}</p>
      <span class="bone" />
      <span class="bone" />
      <span class="bone" />
    </div>
  );

export const Fault = ({ text, again }: { text: string; again: () => void }) => (
  <div class="nothing fault" role="alert">
    <p>{text}</p>
    <button type="button" onClick={again}>
      {words.tryAgain}
    </button>
  </div>
);
