// Tests of the waits between tries, of coming back, of waking up, and of the other way where sockets are blocked.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import type { StaffClientFrame, StaffServerFrame } from '../protocol';
import type { Heard, OpenLink } from './links';
import { backOff, StaffSocket } from './socket';

type Opened = Heard & { over: 'socket' | 'polling'; sent: StaffClientFrame[]; isClosed: boolean };

const WELCOME: StaffServerFrame = { type: 'welcome', me: { id: 's1', login: 'priya', name: 'Priya', role: 'answers' } };

let ways: Opened[];
let links: string[];
let frames: StaffServerFrame[];
let unwelcome: number;

const opens =
  (over: Opened['over']): OpenLink =>
  (heard) => {
    const way: Opened = { ...heard, over, sent: [], isClosed: false };
    ways.push(way);
    return { send: (frame) => way.sent.push(frame), close: () => (way.isClosed = true) };
  };

function started() {
  const socket = new StaffSocket(
    { frame: (frame) => frames.push(frame), link: (link) => links.push(link), unwelcome: () => unwelcome++ },
    opens('socket'),
    opens('polling'),
  );
  socket.start();
  return socket;
}

const last = () => ways.at(-1)!;
const pings = (way: Opened) => way.sent.filter(({ type }) => type === 'ping').length;

/** Time passes, second by second: a jump is a sleep. */
function pass(ms: number) {
  for (let left = ms; 0 < left; left -= 1_000) mock.timers.tick(Math.min(1_000, left));
}

/** The link closes, and the next try comes. */
function again() {
  const before = ways.length;
  last().closed();
  while (ways.length === before) pass(1_000);
}

/** The page is frozen: the clock goes on, and no timer is called until it wakes. */
function sleep(ms: number) {
  mock.timers.setTime(Date.now() + ms - 1_000);
  mock.timers.tick(1_000);
}

beforeEach(() => {
  ways = [];
  links = [];
  frames = [];
  unwelcome = 0;
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1_000_000 });
  Object.defineProperty(globalThis, 'navigator', { value: { onLine: true }, configurable: true });
  Object.defineProperty(globalThis, 'document', { value: { visibilityState: 'visible' }, configurable: true });
});
afterEach(() => mock.timers.reset());

test('the wait doubles up to half a minute, and chance takes at most half of it', () => {
  assert.deepEqual(
    [0, 1, 2, 20].map((attempt) => backOff(attempt, 0)),
    [500, 1000, 2000, 30_000],
  );
  assert.equal(backOff(3, 1), 2000);
});

test('a dropped socket is opened again, and a welcome ends the waiting', () => {
  started();
  last().frame(WELCOME);
  last().closed();
  pass(500);
  last().frame(WELCOME);
  assert.equal(ways.length, 2);
  assert.deepEqual(links, ['connecting', 'up', 'down', 'up']);
  assert.equal(frames.length, 2);
});

test('a connection that ends before the welcome asks who is signed in', () => {
  started();
  last().closed();
  assert.equal(unwelcome, 1);
});

test('a link is asked every ten seconds, and replaced when it does not answer', () => {
  started();
  last().frame(WELCOME);
  pass(10_000);
  assert.equal(pings(ways[0]!), 1);
  last().frame({ type: 'pong' });
  pass(10_000);
  assert.equal(pings(ways[0]!), 2);
  assert.equal(links.at(-1), 'up');
  pass(8_000);
  assert.equal(ways[0]!.isClosed, true);
  assert.notEqual(links.at(-1), 'up');
  assert.equal(ways.length, 2);
});

test('after a sleep nothing counts as known until the server has answered', () => {
  started();
  last().frame(WELCOME);
  sleep(15_000);
  assert.equal(links.at(-1), 'checking');
  last().frame({ type: 'pong' });
  assert.equal(links.at(-1), 'up');
  assert.equal(ways.length, 1);
});

test('a socket that died in a sleep is replaced within two seconds', () => {
  started();
  last().frame(WELCOME);
  sleep(15_000);
  pass(2_000);
  assert.equal(ways[0]!.isClosed, true);
  assert.equal(ways.length, 2);
  last().frame(WELCOME);
  assert.equal(links.at(-1), 'up');
});

test('a page that comes back asks at once, and tries at once where it waits', () => {
  const socket = started();
  last().frame(WELCOME);
  socket.wake();
  assert.equal(pings(last()), 1);
  assert.equal(links.at(-1), 'up');
  last().closed();
  socket.wake();
  assert.equal(ways.length, 2);
});

test('after two sockets that never spoke it goes by requests, and after those it tries sockets again', () => {
  started();
  for (let round = 0; round < 4; round++) {
    again();
  }
  assert.deepEqual(
    ways.map(({ over }) => over),
    ['socket', 'socket', 'polling', 'socket', 'socket'],
  );
});

test('a socket that hangs without a word counts as blocked as well', () => {
  started();
  pass(10_000);
  pass(1_000);
  pass(10_000);
  pass(2_000);
  assert.deepEqual(
    ways.map(({ over }) => over),
    ['socket', 'socket', 'polling'],
  );
});

test('without a network nothing counts as blocked', () => {
  Object.defineProperty(globalThis, 'navigator', { value: { onLine: false }, configurable: true });
  started();
  for (let round = 0; round < 3; round++) {
    again();
  }
  assert.deepEqual(new Set(ways.map(({ over }) => over)), new Set(['socket']));
});

test('requests that slept begin anew: an answer may have been lost, and no other can tell', () => {
  const socket = started();
  for (let round = 0; round < 2; round++) {
    again();
  }
  assert.equal(last().over, 'polling');
  last().frame(WELCOME);
  socket.wake();
  assert.deepEqual(
    ways.map(({ over }) => over),
    ['socket', 'socket', 'polling', 'polling'],
  );
  assert.notEqual(links.at(-1), 'up');
});

test('what an old link still says is not heard, and a stopped one stays closed', () => {
  const socket = started();
  const old = last();
  old.frame(WELCOME);
  socket.stop();
  old.frame({ type: 'pong' });
  old.closed();
  pass(120_000);
  assert.equal(ways.length, 1);
  assert.equal(frames.length, 1);
  assert.equal(links.at(-1), 'off');
});
