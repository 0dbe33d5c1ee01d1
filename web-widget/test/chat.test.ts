// The chat as a whole, on a link and a memory made for the test.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import type { ClientFrame, WireEvent } from '../protocol';
import { makeChat } from '../widget/chat';
import type { Listener, OpenLink } from '../widget/links';
import type { Remembered } from '../widget/memory';
import { event, welcome, type Frame } from './samples';

type Hello = Extract<ClientFrame, { type: 'hello' }>;

const token = (sub: string, exp?: number) => `h.${Buffer.from(JSON.stringify({ sub, exp })).toString('base64url')}.s`;

/** Lets what was asked for arrive. */
const settled = () => new Promise(setImmediate);

/** Seconds go by on a link that is alive. */
async function pass(chat: Chat, seconds: number) {
  for (; seconds; seconds--) {
    mock.timers.tick(1_000);
    link.frame({ type: 'pong' });
    chat.tick();
    await settled();
  }
}

let stored: Remembered | undefined;
let link: Listener & { sent: ClientFrame[] };
let fresh: WireEvent[];
let forgotten: number;

const open: OpenLink = (listener) => {
  const mine = { ...listener, sent: [] as ClientFrame[] };
  link = mine;
  return { send: (frame) => mine.sent.push(frame), close() {} };
};

const chatWith = (settings: { identityUrl?: string } = {}) =>
  makeChat(
    {
      socket: open,
      polling: open,
      memory: { recall: () => stored ?? {}, keep: (remembered) => void (stored = structuredClone(remembered)), forget: () => void (stored = undefined) },
      ...settings,
    },
    { changed: (events) => fresh.push(...events), forgotten: () => forgotten++, refused() {} },
  );

type Chat = ReturnType<typeof chatWith>;

async function connected(chat: Chat, ...frames: Parameters<typeof link.frame>[0][]): Promise<Hello> {
  chat.connect();
  return reopened(...frames);
}

async function reopened(...frames: Parameters<typeof link.frame>[0][]): Promise<Hello> {
  mock.timers.tick(0);
  await link.opened();
  const hello = link.sent[0] as Hello;
  [welcome({ resume: 'secret' }), ...frames].forEach((frame) => link.frame(frame));
  return hello;
}

const sent = <Type extends ClientFrame['type']>(type: Type) => link.sent.filter((frame) => frame.type === type) as Extract<ClientFrame, { type: Type }>[];
const ack = (key: string): Frame<'ack'> => ({ type: 'ack', key, seq: 1, at: 0 });

beforeEach(() => {
  stored = undefined;
  fresh = [];
  forgotten = 0;
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] });
  Object.defineProperty(globalThis, 'navigator', { value: { onLine: true }, configurable: true });
  Object.assign(globalThis, { location: { origin: 'https://shop.example', pathname: '/bills' }, document: { title: 'My bills' } });
});
afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});

test('nothing is stored before the first message', async () => {
  const chat = chatWith();
  await connected(chat, event(1));
  chat.write('half a sentence');
  chat.see();
  assert.equal(stored, undefined);
  chat.say('Hello');
  const { conversation, resume, outbox } = stored as unknown as Remembered;
  assert.deepEqual([conversation, resume, outbox?.length], ['c1', 'secret', 1]);
});

test('a message shows at once and gives way to its event', async () => {
  const chat = chatWith();
  await connected(chat);
  chat.say('Why is it more?');
  const { key } = sent('say')[0]!;
  assert.equal(chat.now().outbox[0]!.shown, 'Why is it more?');
  link.frame(ack(key));
  link.frame(event(1, { from: 'customer', key }));
  assert.equal(chat.now().outbox.length, 0);
  assert.equal(chat.now().conversation.events.length, 1);
});

test('what was not acked is sent again with the same key after a break', async () => {
  const chat = chatWith();
  await connected(chat);
  chat.say('one');
  const [first] = sent('say');
  chat.wake(true);
  const hello = await reopened();
  assert.deepEqual(hello.conversation, 'c1');
  assert.deepEqual(sent('say'), [first]);
});

test('what was not sent is there after a reload', async () => {
  const before = chatWith();
  before.say('written without a network');
  const chat = chatWith();
  assert.equal(chat.now().remembers, true);
  await connected(chat);
  assert.deepEqual(sent('say').map(({ text }) => text), ['written without a network']);
});

test('a break resumes after the last event, a reload from the start', async () => {
  const chat = chatWith();
  assert.equal((await connected(chat, event(1), event(2))).after, 0);
  chat.say('x');
  chat.wake(true);
  assert.equal((await reopened()).after, 2);
  assert.equal((await connected(chatWith())).after, 0);
});

test('a gap makes it connect again', async () => {
  const chat = chatWith();
  await connected(chat, event(1));
  link.frame(event(3));
  assert.equal(chat.now().status, 'connecting');
  mock.timers.tick(500);
  assert.equal((await reopened()).after, 1);
});

test('what passes is tried again after the time that the server names', async () => {
  const chat = chatWith();
  await connected(chat);
  chat.say('one');
  const { key } = sent('say')[0]!;
  link.frame({ type: 'error', key, code: 'rate_limited', message: 'Slowly.', retry_after_ms: 900 });
  mock.timers.tick(899);
  assert.equal(sent('say').length, 1);
  mock.timers.tick(1);
  assert.equal(sent('say').length, 2);
});

test('what stays is shown as not sent, with the reason, until the customer tries again', async () => {
  const chat = chatWith();
  await connected(chat);
  chat.choose('gone', 'Take it off');
  const { key } = sent('choose')[0]!;
  link.frame({ type: 'error', key, code: 'not_offered', message: 'That is not on offer any more.' });
  assert.deepEqual([chat.now().outbox[0]!.state, chat.now().outbox[0]!.reason], ['failed', 'That is not on offer any more.']);
  chat.retry(key);
  assert.equal(sent('choose').length, 2);
});

test('ten minutes without an answer end in not sent', async () => {
  const chat = chatWith();
  chat.say('one');
  mock.timers.tick(600_000);
  chat.tick();
  assert.equal(chat.now().outbox[0]!.state, 'failed');
});

test('what was said before the page was loaded is not news', async () => {
  const chat = chatWith();
  await connected(chat, welcome({ seq: 2 }), event(1), event(2), event(3));
  assert.deepEqual(fresh.map(({ seq }) => seq), [3]);
});

test('typing is told every three seconds at most and ends by itself', async () => {
  const chat = chatWith();
  mock.timers.setTime(1_000_000);
  await connected(chat);
  chat.write('a');
  chat.write('ab');
  assert.deepEqual(sent('typing').map(({ on }) => on), [true]);
  mock.timers.tick(3_000);
  chat.write('abc');
  mock.timers.tick(5_000);
  assert.deepEqual(sent('typing').map(({ on }) => on), [true, true, false]);
});

test('what is on the screen is told once', async () => {
  const chat = chatWith();
  await connected(chat, event(1));
  assert.equal(chat.now().unread, 1);
  chat.see();
  chat.see();
  assert.deepEqual(sent('seen').map(({ seq }) => seq), [1]);
  assert.equal(chat.now().unread, 0);
});

test('a token goes into hello, and its change into identify', async () => {
  const chat = chatWith();
  chat.identify(token('ana'));
  assert.equal((await connected(chat)).identity, token('ana'));
  chat.identify(token('ana') + '2');
  assert.deepEqual(sent('identify').map(({ token }) => token), [token('ana') + '2']);
  assert.equal(forgotten, 0);
});

test('another customer starts with nothing of the one before', async () => {
  const chat = chatWith();
  chat.identify(token('ana'));
  await connected(chat, event(1));
  chat.say('my secret');
  chat.identify(token('ben'));
  assert.deepEqual([chat.now().outbox.length, chat.now().conversation.events.length, stored, forgotten], [0, 0, undefined, 1]);
  const hello = await reopened();
  assert.deepEqual([hello.conversation, hello.resume, hello.identity], [undefined, undefined, token('ben')]);
});

test('a stored conversation of somebody else is not opened', async () => {
  stored = { conversation: 'c9', resume: 'old', subject: 'ana', draft: 'secret' };
  const chat = chatWith();
  chat.identify(token('ben'));
  const hello = await connected(chat);
  assert.equal(hello.conversation, undefined);
  assert.equal(chat.now().draft, '');
});

test('a page that says nobody is signed in closes the conversation of who was', async () => {
  stored = { conversation: 'c9', resume: 'old', subject: 'ana' };
  mock.method(globalThis, 'fetch', async () => new Response('', { status: 401 }));
  assert.equal((await connected(chatWith({ identityUrl: '/token' }))).conversation, undefined);
});

test('a page that cannot say who is signed in changes nothing', async () => {
  stored = { conversation: 'c9', resume: 'old', subject: 'ana' };
  mock.method(globalThis, 'fetch', async () => new Response('', { status: 503 }));
  assert.equal((await connected(chatWith({ identityUrl: '/token' }))).conversation, 'c9');
});

test('a refused token is fetched once more, then the customer is a visitor', async () => {
  const asked = mock.method(globalThis, 'fetch', async () => Response.json({ token: token('ana') }));
  const chat = chatWith({ identityUrl: '/token' });
  chat.connect();
  for (const identity of [token('ana'), token('ana'), undefined]) {
    await link.opened();
    assert.equal((link.sent[0] as Hello).identity, identity);
    link.frame({ type: 'error', code: 'bad_identity', message: 'No.' });
    mock.timers.tick(0);
  }
  assert.equal(asked.mock.callCount(), 2);
});

test('a page that gives a function is asked on every connection', async () => {
  const asked = mock.fn(async () => token('ana'));
  const chat = chatWith();
  chat.identify(asked);
  assert.equal((await connected(chat)).identity, token('ana'));
  chat.wake(true);
  assert.equal((await reopened()).identity, token('ana'));
  assert.equal(asked.mock.callCount(), 2);
  assert.equal(forgotten, 0);
});

test('the page is asked for the next token a minute before the last one ends', async () => {
  const tokens = [token('ana', 600), token('ana', 1_200)];
  const chat = chatWith();
  chat.identify(() => tokens.shift());
  await connected(chat);
  await pass(chat, 539);
  assert.deepEqual(sent('identify'), []);
  await pass(chat, 2);
  assert.deepEqual(sent('identify').map(({ token }) => token), [token('ana', 1_200)]);
  assert.equal(forgotten, 0);
});

test('tokens of a page that names an address are renewed as well', async () => {
  mock.method(globalThis, 'fetch', async () => Response.json({ token: token('ana', Date.now() / 1_000 + 600) }));
  const chat = chatWith({ identityUrl: '/token' });
  await connected(chat);
  await pass(chat, 540);
  assert.deepEqual(sent('identify').map(({ token }) => token), [token('ana', 1_140)]);
});

test('a token that ends soon does not make the page be asked all the time', async () => {
  const asked = mock.fn(() => token('ana', 1));
  const chat = chatWith();
  chat.identify(asked);
  await connected(chat);
  await pass(chat, 31);
  assert.equal(asked.mock.callCount(), 3);
});

test('a page that cannot say who is signed in is asked again, and nothing is lost', async () => {
  const answers = [token('ana', 100), new Error('no network'), undefined, token('ana', 600)];
  const chat = chatWith();
  chat.identify(() => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  });
  await connected(chat);
  await pass(chat, 80);
  assert.deepEqual(sent('identify').map(({ token }) => token), [token('ana', 600)]);
  assert.equal(forgotten, 0);
});

test('when the page says that nobody is signed in any more, or somebody else, nothing of the customer stays', async () => {
  for (const next of [null, token('ben', 600)]) {
    const tokens = [token('ana', 100), next, next];
    forgotten = 0;
    const chat = chatWith();
    chat.identify(() => tokens.shift());
    await connected(chat, event(1));
    await pass(chat, 40);
    assert.equal(forgotten, 1);
    const hello = await reopened();
    assert.deepEqual([hello.conversation, hello.identity], [undefined, next ?? undefined]);
  }
});

test('a visitor who signs in while the chat is open is told to the server', async () => {
  const chat = chatWith();
  await connected(chat, event(1));
  chat.identify(async () => token('ana', 600));
  await settled();
  assert.deepEqual(sent('identify').map(({ token }) => token), [token('ana', 600)]);
  assert.equal(forgotten, 0);
});

test('a conversation that the server does not know is begun anew with what was not sent', async () => {
  stored = { conversation: 'c9', resume: 'old' };
  const chat = chatWith();
  chat.say('still here');
  await link.opened();
  link.frame({ type: 'error', code: 'not_found', message: 'No.' });
  const hello = await reopened();
  assert.equal(hello.conversation, undefined);
  assert.deepEqual(sent('say').map(({ text }) => text), ['still here']);
});

test('signing out leaves nothing behind', async () => {
  const chat = chatWith();
  await connected(chat, event(1));
  chat.say('one');
  chat.logout();
  assert.deepEqual([stored, chat.now().conversation.events.length, chat.now().remembers], [undefined, 0, false]);
});
