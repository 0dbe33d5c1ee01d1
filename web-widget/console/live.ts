// Ties it together: signing in and out, the socket's frames, and what follows the address.
import { batch, effect } from '@preact/signals';
import type { StaffMember, StaffServerFrame } from '../protocol';
import { api, Refusal, whenSignedOut } from './api';
import { forgetCauses, loadCauses } from './causes';
import { listOf } from './lists';
import { customerTyping, forgetOpen, happened, hide, open, reload, show, useSocket } from './open';
import { parse } from './routes';
import { StaffSocket, type Link } from './socket';
import { announce, browserOnline, counts, forgetAll, heardOf, isFresh, link, list, loaded, loadList, me, myId, nameOf, now, route, rows, tell } from './state';
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
  setInterval(() => (now.value = Date.now()), TICK_MS);
  setInterval(lookForCauses, CAUSES_EVERY_MS);
  addEventListener('hashchange', () => (route.value = parse(location.hash)));
  addEventListener('online', () => ((browserOnline.value = true), socket.hurry()));
  addEventListener('offline', () => (browserOnline.value = false));
  addEventListener('pageshow', () => socket.hurry());
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && socket.hurry());
  effect(() => {
    document.title = me.value && counts.value.waiting ? `${words.titleWaiting(counts.value.waiting)} · ${words.product}` : words.product;
  });
  effect(followRoute);
  void findMe();
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
  enter((await api.login(login, password)).me);
}

export async function signOut() {
  await api.logout().catch(() => {});
  leave();
}

function enter(who: StaffMember) {
  me.value = who;
  socket.start();
  void loadList('waiting');
  void loadList('mine');
}

function leave(why?: string) {
  socket.stop();
  batch(() => {
    forgetOpen();
    forgetCauses();
    forgetAll();
    me.value = null;
  });
  if (why) tell(why, true);
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
  link.value = to;
  if (to === 'off') wasUp = false;
  if (to === 'down' && before === 'up') announce(words.disconnected);
  if (to !== 'up') return;
  if (wasUp && before !== 'up') tell(words.backOnline);
  if (wasUp) catchUp();
  else if (open.peek()?.detail) void reload();
  wasUp = true;
}

/** After a drop, what was missed is fetched: every list that was shown, and the open conversation. */
function catchUp() {
  loaded.peek().forEach((which) => void loadList(which));
  void reload();
}

function frame(frame: StaffServerFrame) {
  if (frame.type === 'welcome') me.value = frame.me;
  if (frame.type === 'conversation') {
    const before = rows.peek().get(frame.row.id);
    const wasFresh = before && isFresh(before);
    heardOf(frame.row);
    if (isFresh(frame.row) && !wasFresh && open.peek()?.id !== frame.row.id && listOf(frame.row, myId.peek()) === 'mine') announce(words.hasWritten(nameOf(frame.row)));
  }
  if (frame.type === 'event') happened(frame.conversation, [frame.event]);
  if (frame.type === 'typing') customerTyping(frame.conversation, frame.on);
  if (frame.type === 'error') {
    if (frame.code === 'sign_in') leave(words.signedOut);
    else tell(frame.message, true);
  }
}
