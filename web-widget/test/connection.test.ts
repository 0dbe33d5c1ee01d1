// One link is kept open, whatever happens to it.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import type { ClientFrame, ServerFrame } from '../protocol';
import { backoff, makeConnection, type Status } from '../widget/connection';
import type { Listener, OpenLink } from '../widget/links';
import { event, welcome } from './samples';

type Opened = Listener & { over: 'socket' | 'polling'; sent: ClientFrame[]; isClosed: boolean };

let links: Opened[];
let statuses: Status[];
let heard: ServerFrame[];

const opens =
  (over: 'socket' | 'polling'): OpenLink =>
  (listener) => {
    const link: Opened = { ...listener, over, sent: [], isClosed: false };
    links.push(link);
    return { send: (frame) => link.sent.push(frame), close: () => (link.isClosed = true) };
  };

const connect = () => {
  const connection = makeConnection(opens('socket'), opens('polling'), {
    hello: async () => ({ type: 'hello' }),
    frame: (frame) => heard.push(frame),
    status: (status) => statuses.push(status),
  });
  connection.open();
  return connection;
};

const last = () => links.at(-1)!;

beforeEach(() => {
  links = [];
  statuses = [];
  heard = [];
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  Object.defineProperty(globalThis, 'navigator', { value: { onLine: true }, configurable: true });
});
afterEach(() => mock.timers.reset());

test('the back-off doubles from half a second to half a minute and is spread by chance', () => {
  assert.deepEqual(
    [0, 1, 2].map((tries) => backoff(tries, 1)),
    [500, 1000, 2000],
  );
  assert.equal(backoff(0, 0), 250);
  assert.equal(backoff(40, 1), 30_000);
});

test('hello is the first frame, and nothing else goes out before the welcome', async () => {
  const connection = connect();
  assert.equal(connection.send({ type: 'ping' }), false);
  await last().opened();
  assert.deepEqual(last().sent, [{ type: 'hello' }]);
  last().frame(welcome());
  assert.deepEqual(statuses, ['connecting', 'open']);
  assert.equal(connection.send({ type: 'typing', on: true }), true);
});

test('a link that closes comes back after the back-off', () => {
  connect();
  last().frame(welcome());
  last().closed();
  assert.equal(links.length, 1);
  mock.timers.tick(500);
  assert.equal(links.length, 2);
});

test('a heartbeat is sent as often as the server asks for', () => {
  connect();
  last().frame(welcome({ limits: { text_chars_max: 1, heartbeat_ms: 7_000 } }));
  mock.timers.tick(7_000);
  last().frame({ type: 'pong' });
  mock.timers.tick(7_000);
  assert.deepEqual(
    last().sent.map(({ type }) => type),
    ['ping', 'ping'],
  );
});

test('a link without a word for 45 seconds is replaced', () => {
  connect();
  last().frame(welcome());
  mock.timers.tick(44_999);
  assert.equal(links[0]!.isClosed, false);
  mock.timers.tick(1);
  assert.equal(links[0]!.isClosed, true);
  mock.timers.tick(1_000);
  assert.equal(links.length, 2);
});

test('a page that was away asks an open link for a sign of life, and takes another after two seconds', () => {
  const connection = connect();
  last().frame(welcome());
  connection.probe();
  assert.deepEqual(
    last().sent.map(({ type }) => type),
    ['ping'],
  );
  mock.timers.tick(1_999);
  assert.equal(links[0]!.isClosed, false);
  mock.timers.tick(1);
  mock.timers.tick(0);
  assert.deepEqual([links[0]!.isClosed, links.length], [true, 2]);
});

test('a page that was away does not sit out a wait', () => {
  const connection = connect();
  last().closed();
  connection.probe();
  mock.timers.tick(0);
  assert.equal(links.length, 2);
});

test('a link that is never welcomed is given up after ten seconds', () => {
  connect();
  mock.timers.tick(10_000);
  assert.equal(links[0]!.isClosed, true);
});

test('a server that goes away is given the time that it asks for', () => {
  connect();
  last().frame(welcome());
  last().frame({ type: 'going_away', retry_after_ms: 3_000 });
  mock.timers.tick(2_999);
  assert.equal(links.length, 1);
  mock.timers.tick(1);
  assert.equal(links.length, 2);
});

test('after two sockets that never spoke it polls, and after that it tries sockets again', () => {
  connect();
  for (let round = 0; round < 4; round++) {
    last().closed();
    mock.timers.tick(30_000);
  }
  assert.deepEqual(
    links.map(({ over }) => over),
    ['socket', 'socket', 'polling', 'socket', 'socket'],
  );
});

test('without a network nothing counts as blocked', () => {
  connect();
  Object.defineProperty(globalThis, 'navigator', { value: { onLine: false }, configurable: true });
  for (let round = 0; round < 3; round++) {
    last().closed();
    mock.timers.tick(30_000);
  }
  assert.deepEqual(new Set(links.map(({ over }) => over)), new Set(['socket']));
});

test('what an old link still says is not heard', () => {
  const connection = connect();
  last().frame(welcome());
  const old = last();
  connection.reconnect(0);
  old.frame(event(1));
  old.closed();
  assert.deepEqual(
    heard.map(({ type }) => type),
    ['welcome'],
  );
  mock.timers.tick(0);
  assert.equal(links.length, 2);
});
