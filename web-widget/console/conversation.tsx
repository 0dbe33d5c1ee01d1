// One conversation: its transcript, what can be done with it, and the customer's account beside it.
import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { CardTable } from './cards';
import { Answering } from './composer';
import { mayGive, startGiving } from './goodwill';
import { GiveDialog } from './goodwill-dialog';
import { Icon } from './icons';
import { Fault, Online, Wait } from './inbox';
import { Messages } from './messages';
import {
  act,
  acting,
  customerTypes,
  drafts,
  events,
  isMine,
  open,
  openRow,
  proofEnded,
  reload,
  underWay,
} from './open';
import { href } from './routes';
import { list, me, myId, nameOf, now, route } from './state';
import { lastSeq, saidByMe } from './transcript';
import { ago, words } from './words';

/** Nearer to the end than this counts as reading the newest. */
const NEAR_END_PX = 80;

export function Conversation() {
  const { id, detail, fault } = open.value ?? {};
  if (!id) return null;
  return (
    <section class="conversation" aria-labelledby="conversation-title" key={id}>
      <Head />
      {fault && <Fault text={fault} again={() => void reload()} />}
      {detail && (
        <>
          <Account where="folded" />
          <Transcript />
          <Answering />
          <Account where="beside" />
        </>
      )}
      {!detail && !fault && <p class="nothing">{words.loading}</p>}
    </section>
  );
}

function Head() {
  const row = openRow.value;
  const title = useRef<HTMLHeadingElement>(null);
  const asks = useSignal<'handBack' | 'close' | undefined>(undefined);
  useEffect(() => title.current?.focus(), []);
  const leave = (what: 'handBack' | 'close') =>
    drafts
      .peek()
      .get(open.peek()?.id ?? '')
      ?.trim()
      ? (asks.value = what)
      : void finish(what);
  return (
    <header>
      <a class="back" href={href({ view: 'inbox', list: list.value })}>
        <Icon name="back" />
        <span class="unseen">{words.back}</span>
      </a>
      <div class="title">
        <h1 id="conversation-title" ref={title} tabIndex={-1}>
          {row ? nameOf(row) : words.conversation}
        </h1>
        {row && (
          <p class="state">
            <span class={`owner ${row.owner}`} key={stateWords()}>
              {stateWords()}
            </span>
            {row.owner === 'queue' && row.waiting_since !== undefined && <Wait since={row.waiting_since} />}
            {row.urgent && row.owner !== 'nobody' && (
              <span class="chip urgent">
                <Icon name="urgent" />
                {words.urgent}
              </span>
            )}
            <Online id={row.id} />
          </p>
        )}
        {row?.reason && row.owner === 'queue' && (
          <p class="reason">
            <span class="unseen">{words.why}: </span>
            {row.reason}
          </p>
        )}
      </div>
      {isMine.value && (
        <div class="actions">
          {mayGive.value && (
            <button type="button" aria-haspopup="dialog" onClick={() => void startGiving()}>
              {words.give}
            </button>
          )}
          <button type="button" aria-disabled={acting.value !== undefined} onClick={() => leave('handBack')}>
            {words.handBack}
          </button>
          <button type="button" aria-disabled={acting.value !== undefined} onClick={() => leave('close')}>
            {words.close}
          </button>
        </div>
      )}
      <DraftDialog asks={asks} />
      <GiveDialog />
    </header>
  );
}

async function finish(what: 'handBack' | 'close') {
  if (await act(what)) document.getElementById('conversation-title')?.focus();
}

/** What is written would be lost: asks before it is. */
function DraftDialog({ asks }: { asks: Signal<'handBack' | 'close' | undefined> }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const what = asks.value;
  useEffect(() => {
    if (what && !dialog.current?.open) dialog.current?.showModal();
  }, [what]);
  const closed = () => {
    const sure = dialog.current?.returnValue === 'sure' && asks.peek();
    asks.value = undefined;
    if (dialog.current) dialog.current.returnValue = '';
    if (sure) void finish(sure);
  };
  return (
    <dialog ref={dialog} aria-labelledby="draft-left" onClose={closed}>
      <form method="dialog">
        <p id="draft-left">{words.draftLeft}</p>
        <div class="actions">
          <button type="submit" class="primary" value="">
            {words.keepWriting}
          </button>
          <button type="submit" value="sure">
            {what === 'close' ? words.draftClose : words.draftHandBack}
          </button>
        </div>
      </form>
    </dialog>
  );
}

function stateWords(): string {
  const row = openRow.value;
  if (row?.owner !== 'staff') return words.state[row?.owner as 'queue' | 'bot' | 'nobody'] ?? '';
  return row.staff?.id === myId.value ? words.state.mine : words.state.theirs(row.staff?.name ?? words.colleague);
}

function Transcript() {
  const log = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const hasNew = useSignal(false);
  const last = lastSeq(events.value);
  const pending = underWay.value.has(open.value?.id ?? '');
  const shownLast = useRef(last);
  const wanted = route.value.view === 'conversation' ? route.value.seq : undefined;

  const toEnd = () => {
    atEnd.current = true;
    log.current?.scrollTo({ top: log.current.scrollHeight });
    hasNew.value = false;
  };
  useLayoutEffect(() => {
    // What I say myself I want to see, wherever I was reading.
    if (atEnd.current || pending || saidByMe(events.value, shownLast.current, me.value?.name ?? '')) toEnd();
    else if (shownLast.current < last) hasNew.value = true;
    shownLast.current = last;
  }, [last, pending, customerTypes.value]);
  useEffect(() => {
    if (!log.current) return;
    const watch = new ResizeObserver(() => atEnd.current && toEnd());
    watch.observe(log.current);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    const event = wanted && document.getElementById(`event-${wanted}`);
    if (!event) return;
    atEnd.current = false;
    hasNew.value = false;
    event.scrollIntoView({ block: 'center' });
    event.focus({ preventScroll: true });
  }, [wanted]);

  const scrolled = () => {
    const { scrollTop, scrollHeight, clientHeight } = log.current!;
    atEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    if (atEnd.current) hasNew.value = false;
  };
  return (
    <div class="transcript">
      <div
        class="log"
        ref={log}
        role="log"
        aria-live="off"
        aria-label={words.transcript}
        tabIndex={0}
        onScroll={scrolled}
      >
        <Messages />
      </div>
      {hasNew.value && (
        <button type="button" class="to-end" onClick={toEnd}>
          <Icon name="down" />
          {words.newMessages}
        </button>
      )}
    </div>
  );
}

/** The account and the newest bill: a column where there is room for it, else a fold. */
function Account({ where }: { where: 'beside' | 'folded' }) {
  const { account, invoice } = open.value?.detail ?? {};
  const cards = (
    <div class="cards" {...(where === 'folded' ? { tabIndex: 0, role: 'group', 'aria-label': words.account } : {})}>
      {proofEnded.value !== undefined && (
        <p class="proof-ended" role="status">
          {words.proofEnded(ago(proofEnded.value, now.value))}
        </p>
      )}
      {account && <CardTable card={account} />}
      {invoice && <CardTable card={invoice} />}
      {!account && !invoice && <p class="hint">{openRow.value?.customer ? words.accountUnseen : words.noAccount}</p>}
    </div>
  );
  if (where === 'beside')
    return (
      <aside class="account" aria-label={words.account}>
        {cards}
      </aside>
    );
  return (
    <details class="account">
      <summary>
        <Icon name="chevron" />
        {words.account}
      </summary>
      {cards}
    </details>
  );
}
