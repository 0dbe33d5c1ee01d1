// The lists of conversations: who waits and why, what is mine, what the bot has, what is closed.
import { useEffect, useRef } from 'preact/hooks';
import type { ConversationRow } from '../protocol';
import { countOf, isFresh, isKnown, isOnline, listFaults, loaded, loadList, restOf, rows } from './desk';
import { Icon } from './icons';
import { rowsOf, waitLevel } from './lists';
import { drafts } from './open';
import { href, LISTS, type ListName } from './routes';
import { link, list, myId, nameOf, now, route } from './state';
import { plainly } from './transcript';
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
      {found.length ? (
        <Rows rows={found} rest={restOf(which)} which={which} />
      ) : isKnown(which) && !restOf(which) ? (
        <Nothing text={words.empty[which]} />
      ) : (
        <Unknown which={which} />
      )}
    </section>
  );
}

function Tab({ name, here }: { name: ListName; here: boolean }) {
  const count = (name === 'waiting' || name === 'mine') && countOf(name);
  return (
    <a href={href({ view: 'inbox', list: name })} aria-current={here ? 'true' : undefined}>
      <span>{words.lists[name]}</span>
      {!!count && (
        <span class="count" key={count}>
          {count}
        </span>
      )}
    </a>
  );
}

const Rows = ({ rows, rest, which }: { rows: ConversationRow[]; rest: number; which: ListName }) => (
  <ul class="rows">
    {rows.map((row) => (
      <Row key={row.id} row={row} />
    ))}
    {0 < rest && (
      <li class="rest" key={`rest ${rest}`}>
        {words.rest(which, rest)}
      </li>
    )}
  </ul>
);

function Row({ row }: { row: ConversationRow }) {
  const here = route.value.view === 'conversation' && route.value.id === row.id;
  const fresh = isFresh(row) && !here;
  const draft = !here && drafts.value.has(row.id);
  return (
    <li>
      <a
        class={`row ${fresh ? 'fresh' : ''}`}
        href={href({ view: 'conversation', id: row.id })}
        data-row={row.id}
        aria-current={here ? 'true' : undefined}
      >
        <span class="who">
          <span class="name" key={nameOf(row)}>
            {nameOf(row)}
          </span>
          <Online id={row.id} />
        </span>
        <span class="what">
          {row.reason && (row.owner === 'queue' || row.owner === 'nobody') && <span class="reason">{row.reason}</span>}
          <span class="words" key={row.last_text}>
            {plainly(row.last_text) || words.noWords}
          </span>
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
          {row.owner === 'queue' && row.waiting_since !== undefined ? (
            <Wait since={row.waiting_since} />
          ) : (
            <Ago at={row.last_at} />
          )}
        </span>
      </a>
    </li>
  );
}

/** Whether the customer has the chat open, where that is known. */
export function Online({ id }: { id: string }) {
  const on = isOnline(id);
  if (on === undefined) return null;
  return (
    <span class={`online ${on ? 'on' : ''}`} key={String(on)}>
      <span class="dot" aria-hidden="true" />
      {on ? words.online : words.away}
    </span>
  );
}

/** How long somebody has waited, ticking, in words as well as in color. */
export function Wait({ since }: { since: number }) {
  const ms = now.value - since;
  const level = waitLevel(ms);
  return (
    <span class={`chip wait ${level}`}>
      <Icon name="clock" />
      <span class="unseen">{words.waitingFor} </span>
      <span key={words.waitFor(ms)}>{words.waitFor(ms)}</span>
      {words.waits[level] && <span class="level">{words.waits[level]}</span>}
    </span>
  );
}

function Ago({ at }: { at: number }) {
  const text = ago(at, now.value);
  return (
    <time class="ago" key={text}>
      {text}
    </time>
  );
}

export const Nothing = ({ text: [title, sentence] }: { text: readonly [string, string] }) => (
  <div class="nothing">
    <span class="picture" aria-hidden="true">
      <Icon name="done" />
    </span>
    <p class="title">{title}</p>
    <p>{sentence}</p>
  </div>
);

/** Nothing is known to be in a list, which doesn't mean that nobody is. */
function Unknown({ which }: { which: ListName }) {
  const fault = listFaults.value.get(which);
  if (fault) return <Fault text={fault} again={() => void loadList(which)} />;
  if (loaded.value.has(which) && link.value === 'down')
    return <Fault text={words.emptyUnknown} again={() => void loadList(which)} />;
  return (
    <div class="loading">
      <p class="unseen">{words.loading}</p>
      <span class="bone" />
      <span class="bone" />
      <span class="bone" />
    </div>
  );
}

export const Fault = ({ text, again }: { text: string; again: () => void }) => (
  <div class="nothing fault" role="alert">
    <p>{text}</p>
    <button type="button" onClick={again}>
      {words.tryAgain}
    </button>
  </div>
);
