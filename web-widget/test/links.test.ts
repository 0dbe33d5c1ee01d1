// Polling carries the same frames as a socket.
import assert from 'node:assert/strict';
import { afterEach, mock, test } from 'node:test';
import type { ServerFrame } from '../protocol';
import { overPolling } from '../widget/links';
import { welcome } from './samples';

afterEach(() => mock.restoreAll());

const until = async (isDone: () => boolean) => {
  while (!isDone()) await new Promise(setImmediate);
};

test('hello is posted without a token, what follows with it, and the waiting begins after the answer', async () => {
  const asked: { method?: string; token: string | null; body?: unknown }[] = [];
  const heard: string[] = [];
  mock.method(globalThis, 'fetch', async (address: string, init: RequestInit) => {
    assert.equal(address, 'https://help.example/v1/poll');
    assert.equal(init.credentials, 'omit');
    asked.push({
      method: init.method,
      token: new Headers(init.headers).get('X-Plainbill-Poll'),
      body: init.body && JSON.parse(String(init.body)),
    });
    if (init.method === 'GET') return new Promise(() => {});
    const frames: ServerFrame[] = asked.length === 1 ? [welcome()] : [{ type: 'pong' }];
    return Response.json({ poll: 'p1', frames });
  });
  const link = overPolling('https://help.example/')({
    opened: () => link.send({ type: 'hello' }),
    frame: ({ type }) => heard.push(type),
    closed: () => assert.fail(),
  });
  await until(() => asked.length === 2);
  link.send({ type: 'ping' });
  await until(() => heard.length === 2);
  assert.deepEqual(asked, [
    { method: 'POST', token: null, body: { frames: [{ type: 'hello' }] } },
    { method: 'GET', token: 'p1', body: undefined },
    { method: 'POST', token: 'p1', body: { frames: [{ type: 'ping' }] } },
  ]);
  assert.deepEqual(heard, ['welcome', 'pong']);
});

test('a poll that is gone closes the link', async () => {
  mock.method(globalThis, 'fetch', async () => new Response('', { status: 410 }));
  let closed = 0;
  const link = overPolling('https://help.example/')({
    opened() {},
    frame: () => assert.fail(),
    closed: () => closed++,
  });
  link.send({ type: 'hello' });
  await until(() => closed > 0);
});
