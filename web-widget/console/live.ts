// Ties it together: signing in and out, what the link tells, and what follows the address.
import { batch, effect } from '@preact/signals';
import type { ConversationRow, StaffMember, StaffServerFrame } from '../protocol';
import { api, messageOf, Refusal, serverNow, sits, whenSignedOut } from './api';
import { keepUnsent } from './belongings';
import { forgetCauses, loadCauses } from './causes';
import {
  allKnown,
  comes,
  forgetDesk,
  forgetKnown,
  freshMine,
  heardOf,
  isFresh,
  loaded,
  loadList,
  loadWanted,
  rows,
  waitingCount,
} from './desk';
import { forgetGiving } from './goodwill';
import { listOf } from './lists';
import {
  bringUnsent,
  catchUp,
  customerTyping,
  forgetOpen,
  happened,
  hide,
  keepBelongings,
  loseTouch,
  open,
  rowCame,
  show,
  useSocket,
} from './open';
import { HOME, href, parse } from './routes';
import { isWriting } from './shortcuts';
import { type Link, StaffSocket } from './socket';
import { announce, browserOnline, hideNotice, link, list, me, myId, nameOf, now, route, spoken, tell } from './state';
import { words } from './words';

const TICK_MS = 1_000;
/** While the questions are on the screen, new ones show up this soon. */
const CAUSES_EVERY_MS = 5_000;

const socket = new StaffSocket({ frame, link: linked, unwelcome: () => void api.me().catch(() => {}) });

/** Starts everything; called once. */
export function start() {
  useSocket({
    watch: (conversation, after) => void socket.send({ type: 'watch', conversation, after }),
    unwatch: (conversation) => void socket.send({ type: 'unwatch', conversation }),
    typing: (conversation, on) => void socket.send({ type: 'typing', conversation, on }),
  });
  whenSignedOut(() => {
    if (me.peek()) leave(words.signedOut);
    else me.value = null;
  });
  keepBelongings();
  setInterval(() => (now.value = serverNow()), TICK_MS);
  setInterval(lookForCauses, CAUSES_EVERY_MS);
  addEventListener('hashchange', () => (route.value = parse(location.hash)));
  addEventListener('online', () => {
    browserOnline.value = true;
    socket.wake();
  });
  addEventListener('offline', () => {
    browserOnline.value = false;
    socket.wake();
  });
  // "resume" is the end of a freeze.
  for (const event of ['pageshow', 'focus']) addEventListener(event, () => socket.wake());
  for (const event of ['dragover', 'drop'] as const) addEventListener(event, refuseDrop);
  document.addEventListener('resume', () => socket.wake(true));
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && socket.wake());
  effect(() => void (document.title = titleNow()));
  effect(followRoute);
  others?.addEventListener('message', ({ data }) => me.peek() && data !== myId.peek() && void changePerson());
  void findMe();
}

/** Tells other tabs of this browser who has signed in: they share the session, so what they show must be that person's. */
const others = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('plainbill.console');

/** A file would open in place of the console, or beside it. Text may be dropped where text is written. */
function refuseDrop(event: DragEvent) {
  if (event.dataTransfer?.types.includes('Files') || !isWriting(event.target)) event.preventDefault();
}

/** What stands in the tab of the browser: who waits and what is new, as long as that is known. */
function titleNow(): string {
  if (!me.value) return words.product;
  if (link.value === 'down') return words.titleDown;
  const parts = [];
  if (waitingCount.value) parts.push(words.titleWaiting(waitingCount.value));
  if (allKnown.value && freshMine.value) parts.push(words.titleNew(freshMine.value));
  return [...parts, words.product].join(' · ');
}

/** Finds out who is signed in; a server that can't be reached is asked again. */
async function findMe() {
  try {
    enter((await api.me()).me);
  } catch (thrown) {
    if (thrown instanceof Refusal && thrown.status === 401) me.value = null;
    else {
      linked('down');
      setTimeout(findMe, 3_000);
    }
  }
}

export async function signIn(login: string, password: string) {
  const { me: who } = await api.login(login, password);
  others?.postMessage(who.id);
  enter(who);
}

export async function signOut() {
  const who = myId.peek();
  socket.stop();
  try {
    await api.logout();
  } catch (thrown) {
    // Whoever goes away now would leave the door open.
    socket.start();
    return tell(`${words.stillSignedIn} ${messageOf(thrown)}`, true);
  }
  leave();
  keepUnsent(who, []);
}

let before: string | undefined;

function enter(who: StaffMember) {
  sits(who.id);
  batch(() => {
    if (before !== undefined && before !== who.id) home();
    before = who.id;
    bringUnsent(who.id);
    me.value = who;
  });
  socket.start();
  void loadList('waiting');
  void loadList('mine');
}

/** Somebody begins where everybody does, not at what the person before had open. */
function home() {
  route.value = HOME;
  list.value = HOME.list;
  history.replaceState(null, '', href(HOME));
}

/** What belongs to a person goes with them. */
function leave(why?: string) {
  socket.stop();
  batch(() => {
    me.value = null;
    sits(undefined);
    forgetOpen();
    forgetGiving();
    forgetCauses();
    forgetDesk();
    hideNotice();
    spoken.value = '';
  });
  if (why) tell(why, true);
}

/** Somebody else has signed in in this browser: from here on the console is theirs. */
async function changePerson() {
  leave(words.otherSignedIn);
  me.value = undefined;
  await findMe();
}

function followRoute() {
  const to = route.value;
  if (!me.value) return;
  if (to.view === 'inbox') {
    list.value = to.list;
    if (!loaded.peek().has(to.list)) void loadList(to.list);
  }
  if (to.view === 'questions' || to.view === 'suggestions') void loadCauses();
  if (to.view === 'conversation') void show(to.id);
  else hide();
}

function lookForCauses() {
  const { view } = route.peek();
  const looks = view === 'questions' || view === 'suggestions';
  if (looks && me.peek() && link.peek() === 'up' && document.visibilityState === 'visible') void loadCauses();
}

let wasUp = false;

function linked(to: Link) {
  const before = link.peek();
  const isSame = before === 'checking' && to === 'up';
  batch(() => {
    link.value = to;
    // While it is being checked, what is known may turn out to have been true all along.
    if (to !== 'checking' && !isSame) forgetKnown();
    if (to !== 'checking' && to !== 'up') loseTouch();
  });
  if (to === 'off') wasUp = false;
  if (to === 'down' && before !== 'down' && wasUp) announce(words.disconnected);
  if (to !== 'up' || isSame) return;
  if (wasUp) tell(words.backOnline);
  wasUp = true;
  loadWanted();
  catchUp();
}

function frame(frame: StaffServerFrame) {
  if (frame.type === 'welcome') {
    if (frame.me.id !== myId.peek()) return void changePerson();
    me.value = frame.me;
  }
  if (frame.type === 'conversation') changed(frame.row);
  if (frame.type === 'presence') comes(frame.conversation, frame.online);
  if (frame.type === 'event') happened(frame.conversation, [frame.event]);
  if (frame.type === 'typing') customerTyping(frame.conversation, frame.on);
  if (frame.type === 'error') {
    if (frame.code === 'sign_in') leave(words.signedOut);
    else tell(frame.message, true);
  }
}

function changed(row: ConversationRow) {
  const before = rows.peek().get(row.id);
  const wasFresh = before && isFresh(before);
  heardOf(row);
  rowCame(row);
  const isNews = isFresh(row) && !wasFresh && open.peek()?.id !== row.id;
  if (isNews && listOf(row, myId.peek()) === 'mine') announce(words.hasWritten(nameOf(row)));
}
