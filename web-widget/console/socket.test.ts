// Tests of the waits between tries, of coming back, and of noticing a dead socket.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import type { StaffServerFrame } from '../protocol';
import { backOff, StaffSocket } from './socket';

class FakeSocket {
  static readonly OPEN = 1;
  readyState = 1;
  sent: string[] = [];
  closed = false;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  send = (text: string) => void this.sent.push(text);
  close = () => void ((this.closed = true), (this.readyState = 3));
  say = (frame: unknown) => this.onmessage?.({ data: JSON.stringify(frame) });
}
Object.assign(globalThis, { WebSocket: FakeSocket });

const welcome = { type: 'welcome', me: { id: 's1', login: 'priya', name: 'Priya', role: 'answers' } };

function started() {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] });
  const sockets: FakeSocket[] = [];
  const frames: StaffServerFrame[] = [];
  const links: string[] = [];
  let unwelcome = 0;
  const socket = new StaffSocket({ frame: (frame) => frames.push(frame), link: (link) => links.push(link), unwelcome: () => unwelcome++ }, () => {
    sockets.push(new FakeSocket());
    return sockets.at(-1) as unknown as WebSocket;
  });
  socket.start();
  return { socket, sockets, frames, links, unwelcome: () => unwelcome };
}

test('the wait doubles up to half a minute, and chance takes at most half of it', () => {
  assert.deepEqual([0, 1, 2, 20].map((attempt) => backOff(attempt, 0)), [500, 1000, 2000, 30_000]);
  assert.equal(backOff(3, 1), 2000);
});

test('a dropped socket is opened again, and a welcome ends the waiting', (t) => {
  t.after(() => mock.timers.reset());
  const { sockets, links, frames } = started();
  sockets[0]!.say(welcome);
  sockets[0]!.onclose?.();
  mock.timers.tick(500);
  sockets[1]!.say(welcome);
  assert.equal(sockets.length, 2);
  assert.deepEqual(links, ['connecting', 'up', 'down', 'down', 'up']);
  assert.equal(frames.length, 2);
});

test('a connection that ends before the welcome asks who is signed in', (t) => {
  t.after(() => mock.timers.reset());
  const { sockets, unwelcome } = started();
  sockets[0]!.onclose?.();
  assert.equal(unwelcome(), 1);
});

test('a quiet socket is asked, and given up when it does not answer', (t) => {
  t.after(() => mock.timers.reset());
  const { sockets, links } = started();
  sockets[0]!.say(welcome);
  mock.timers.tick(20_000);
  assert.deepEqual(sockets[0]!.sent, ['{"type":"ping"}']);
  sockets[0]!.say({ type: 'pong' });
  mock.timers.tick(20_000);
  assert.equal(sockets[0]!.sent.length, 2);
  mock.timers.tick(45_000);
  assert.equal(sockets[0]!.closed, true);
  assert.equal(links.at(-1), 'down');
});

test('what is not a frame is passed over, and a stopped socket stays closed', (t) => {
  t.after(() => mock.timers.reset());
  const { socket, sockets, frames, links } = started();
  sockets[0]!.onmessage?.({ data: 'not json' });
  assert.equal(frames.length, 0);
  socket.stop();
  mock.timers.tick(120_000);
  assert.equal(sockets.length, 1);
  assert.equal(links.at(-1), 'off');
});
