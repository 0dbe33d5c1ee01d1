// The frame around every view: the rail, the status line, what is said aloud, and the keys.
import { useEffect, useRef } from 'preact/hooks';
import { causesFault } from './causes';
import { Conversation } from './conversation';
import { allKnown, freshMine, isKnown, listFaults, waitingCount } from './desk';
import { mayGive, startGiving } from './goodwill';
import { Icon, type IconName } from './icons';
import { Inbox } from './inbox';
import { act, isMine, openFault, openKnown, openRow } from './open';
import { Causes, Suggestions } from './questions';
import { href, type Route } from './routes';
import { type Command, isComposing, isWriting, Keys, lettersOn } from './shortcuts';
import { SignIn } from './sign-in';
import { browserOnline, go, hideNotice, link, list, mayAnswer, me, notice, route, spoken } from './state';
import { words } from './words';
import { showKeys, YouDialog } from './you';

export function App() {
  return (
    <>
      {me.value === undefined && <p class="plain">{link.value === 'down' ? words.disconnected : words.loading}</p>}
      {me.value === null && <SignIn />}
      {me.value && <Signed />}
      <Notice />
      <p class="unseen" aria-live="polite" aria-atomic="true">
        {/* A new element for each text: whoever translates the page may have swapped the text inside for another. */}
        <span key={spoken.value}>{spoken.value}</span>
      </p>
    </>
  );
}

function Signed() {
  useKeys();
  return (
    <div class="frame">
      <a class="skip" href="#main" onClick={skip}>
        {words.skip}
      </a>
      <Rail />
      <main id="main" tabIndex={-1}>
        <StatusLine />
        <View />
      </main>
      <YouDialog />
    </div>
  );
}

function View() {
  const { view } = route.value;
  if (view === 'questions') return <Causes />;
  if (view === 'suggestions') return <Suggestions />;
  return (
    <div class={`desk ${view === 'conversation' ? 'beside' : ''}`}>
      <Inbox />
      {view === 'conversation' && <Conversation />}
    </div>
  );
}

/** Goes past the rail without changing the address. */
function skip(event: Event) {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

function Rail() {
  const { view } = route.value;
  const fresh = isKnown('mine') ? freshMine.value : 0;
  return (
    <nav class="rail" aria-label={words.main}>
      <p class="brand">
        <span class="mark" aria-hidden="true" />
        <span class="name">{words.product}</span>
      </p>
      <ul>
        <Stop
          to={{ view: 'inbox', list: list.value }}
          icon="inbox"
          label={words.inbox}
          here={view === 'inbox' || view === 'conversation'}
          count={waitingCount.value ?? 0}
          countLabel={words.lists.waiting}
          dot={0 < fresh}
        />
        <Stop
          to={{ view: 'questions', status: 'open' }}
          icon="questions"
          label={words.questions}
          here={view === 'questions'}
        />
        <Stop to={{ view: 'suggestions' }} icon="suggestions" label={words.suggestions} here={view === 'suggestions'} />
      </ul>
      <div class="foot">
        <LinkState />
        <button type="button" class="stop" onClick={showKeys} aria-haspopup="dialog">
          <span class="face" aria-hidden="true">
            {me.value?.name.charAt(0).toUpperCase()}
          </span>
          <span class="name">{me.value?.name}</span>
          <span class="unseen">: {words.youAndKeys}</span>
        </button>
      </div>
    </nav>
  );
}

type StopProps = {
  to: Route;
  icon: IconName;
  label: string;
  here: boolean;
  count?: number;
  countLabel?: string;
  dot?: boolean;
};

const Stop = ({ to, icon, label, here, count = 0, countLabel, dot }: StopProps) => (
  <li>
    <a class="stop" href={href(to)} aria-current={here ? 'page' : undefined}>
      <Icon name={icon} />
      <span>{label}</span>
      {0 < count && (
        <span class="badge" key={count}>
          <span aria-hidden="true">{count}</span>
          <span class="unseen">
            , {count} {countLabel}
          </span>
        </span>
      )}
      {dot && (
        <span class={`badge small ${0 < count ? 'beside' : ''}`}>
          <span class="unseen">, {words.fresh}</span>
        </span>
      )}
    </a>
  </li>
);

function LinkState() {
  const texts = {
    off: words.connecting,
    connecting: words.connecting,
    checking: words.checking,
    down: words.offline,
    up: words.connected,
  };
  const known = allKnown.value && openKnown.value;
  const text =
    link.value === 'up' && !known ? (browserOnline.value ? words.catchingUp : words.offline) : texts[link.value];
  return (
    <p class={`link-state ${known ? 'up' : ''}`}>
      <span class="dot" aria-hidden="true" />
      <span key={text}>{text}</span>
    </p>
  );
}

/** Says so where what is on the screen isn't known to be true. */
function StatusLine() {
  const { view } = route.value;
  const shown =
    view === 'questions' || view === 'suggestions'
      ? causesFault.value
      : (listFaults.value.get(list.value) ?? (view === 'conversation' ? openFault.value : undefined));
  const text = !browserOnline.value
    ? words.browserOffline
    : link.value === 'down'
      ? words.disconnected
      : shown
        ? words.notFetched
        : undefined;
  if (!text) return null;
  return (
    <p class="status-line">
      <Icon name="offline" />
      <span key={text}>{text}</span>
    </p>
  );
}

function Notice() {
  if (!notice.value) return null;
  const { text, fault } = notice.value;
  return (
    <div class={`notice ${fault ? 'fault' : ''}`}>
      <Icon name={fault ? 'urgent' : 'done'} />
      <p key={text}>{text}</p>
      <button type="button" class="quiet" onClick={hideNotice}>
        {words.done}
      </button>
    </div>
  );
}

function useKeys() {
  const keys = useRef(new Keys());
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (isComposing(event) || document.querySelector('dialog[open]')) return;
      if (
        event.key === 'Escape' &&
        !event.defaultPrevented &&
        !isWriting(event.target) &&
        route.peek().view === 'conversation'
      )
        return run('back');
      const { key, ctrlKey, metaKey, altKey } = event;
      if (!lettersOn.peek()) return;
      const command = keys.current.read({
        key,
        ctrlKey,
        metaKey,
        altKey,
        writing: isWriting(event.target),
        at: Date.now(),
      });
      if (!command) return;
      event.preventDefault();
      run(command);
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
}

function run(command: Command) {
  if (command === 'inbox') go({ view: 'inbox', list: list.peek() });
  if (command === 'questions') go({ view: 'questions', status: 'open' });
  if (command === 'suggestions') go({ view: 'suggestions' });
  if (command === 'back' && route.peek().view === 'conversation') go({ view: 'inbox', list: list.peek() });
  if (command === 'keys') showKeys();
  if (command === 'next') step(1);
  if (command === 'previous') step(-1);
  if (command === 'reply' && isMine.peek()) document.getElementById('reply')?.focus();
  if (command === 'give' && mayGive.peek()) void startGiving();
  const owner = openRow.peek()?.owner;
  if (
    command === 'take' &&
    mayAnswer.peek() &&
    route.peek().view === 'conversation' &&
    (owner === 'queue' || owner === 'bot')
  )
    void act('take');
}

/** Moves the focus along the rows of whatever list is on the screen. */
function step(by: 1 | -1) {
  const all = [...document.querySelectorAll<HTMLElement>('[data-row]')].filter((row) => row.offsetParent);
  const from = all.findIndex(
    (row) =>
      row === document.activeElement ||
      (row.getAttribute('aria-current') === 'true' && !all.includes(document.activeElement as HTMLElement)),
  );
  all[Math.min(all.length - 1, Math.max(0, from + by))]?.focus();
}
