// The chat as a whole, on a link and a memory made for the test.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import type { Remembered } from '../widget/memory';
import { ack, acted, chatWith, connected, fresh, jump, link, reopened, sent, store, stored } from './rig';
import { event, welcome } from './samples';

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
  assert.deepEqual(
    sent('say').map(({ text }) => text),
    ['written without a network'],
  );
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

test('what is said while something waits goes after it, and everything arrives as it was said', async () => {
  const chat = chatWith();
  const said = Array.from({ length: 60 }, (_, place) => `${place}`);
  said.forEach((text) => chat.say(text));
  await connected(chat);
  const arrived: string[] = [];
  /** The server takes three in a second, of all that is sent in it. */
  for (let second = 0, heard = 0; second < 60; second++) {
    let room = 3;
    for (; heard < sent('say').length; heard++) {
      const { key, text } = sent('say')[heard]!;
      if (room-- > 0) {
        arrived.push(text);
        link.frame(ack(key));
      } else link.frame({ type: 'error', key, code: 'rate_limited', message: 'Slowly.', retry_after_ms: 900 });
    }
    if (second === 5) {
      said.push('late');
      chat.say('late');
    }
    mock.timers.tick(1_000);
    link.frame({ type: 'pong' });
  }
  assert.deepEqual(arrived, said);
  assert.ok(sent('say').length < 120, 'little is sent in vain');
});

test('what could not be sent lets the next go at once', async () => {
  const chat = chatWith();
  await connected(chat);
  ['one', 'two', 'three'].forEach((text) => chat.say(text));
  link.frame({ type: 'error', key: sent('say')[0]!.key, code: 'conflict', message: 'No.' });
  link.frame(event(1, { from: 'customer', key: sent('say')[1]!.key }));
  assert.deepEqual(
    sent('say').map(({ text }) => text),
    ['one', 'two', 'three'],
  );
});

test('whatever the customer does, they are shown the end, and by what others do they are not', async () => {
  const chat = chatWith();
  await connected(chat, event(1));
  assert.equal(acted, 0);
  const acts = [
    () => chat.say('hi'),
    () => chat.choose('late_fee', 'What is this fee?'),
    () => chat.rate(1, 5),
    () => chat.end(),
  ];
  acts.forEach((act, index) => {
    act();
    assert.equal(acted, index + 1);
  });
  link.frame(event(2));
  assert.equal(acted, acts.length);
});

test('what stays is shown as not sent, with the reason, until the customer tries again', async () => {
  const chat = chatWith();
  await connected(chat);
  chat.choose('gone', 'Take it off');
  const { key } = sent('choose')[0]!;
  link.frame({ type: 'error', key, code: 'not_offered', message: 'That is not on offer any more.' });
  assert.deepEqual(
    [chat.now().outbox[0]!.state, chat.now().outbox[0]!.reason],
    ['failed', 'That is not on offer any more.'],
  );
  chat.retry(key);
  assert.equal(sent('choose').length, 2);
});

test('ten minutes without an answer end in not sent', async () => {
  const chat = chatWith();
  chat.say('one');
  for (let second = 1; second < 600; second++) chat.tick();
  assert.equal(chat.now().outbox[0]!.state, 'sending');
  chat.tick();
  assert.equal(chat.now().outbox[0]!.state, 'failed');
});

test('what was said before the page was loaded is not news', async () => {
  const chat = chatWith();
  await connected(chat, welcome({ seq: 2 }), event(1), event(2), event(3));
  assert.deepEqual(
    fresh.map(({ seq }) => seq),
    [3],
  );
});

test('typing is told every three seconds at most and ends by itself', async () => {
  const chat = chatWith();
  mock.timers.setTime(1_000_000);
  await connected(chat);
  chat.write('a');
  chat.write('ab');
  assert.deepEqual(
    sent('typing').map(({ on }) => on),
    [true],
  );
  mock.timers.tick(3_000);
  chat.write('abc');
  mock.timers.tick(5_000);
  assert.deepEqual(
    sent('typing').map(({ on }) => on),
    [true, true, false],
  );
});

test('what is on the screen is told once', async () => {
  const chat = chatWith();
  await connected(chat, event(1));
  assert.equal(chat.now().unread, 1);
  chat.see();
  chat.see();
  assert.deepEqual(
    sent('seen').map(({ seq }) => seq),
    [1],
  );
  assert.equal(chat.now().unread, 0);
});

test('a conversation that the server does not know is begun anew with what was not sent', async () => {
  store({ conversation: 'c9', resume: 'old' });
  const chat = chatWith();
  chat.say('still here');
  await link.opened();
  link.frame({ type: 'error', code: 'not_found', message: 'No.' });
  const hello = await reopened();
  assert.equal(hello.conversation, undefined);
  assert.deepEqual(
    sent('say').map(({ text }) => text),
    ['still here'],
  );
});

const refusal = (key: string | undefined, code: string) =>
  ({ type: 'error', key, code, message: 'No.' }) as Parameters<typeof link.frame>[0];

test('a message that can never be sent is told once, holds nothing back, and goes when the customer wants it', async () => {
  const chat = chatWith();
  await connected(chat);
  chat.say('too much');
  chat.say('and this');
  const { key } = sent('say')[0]!;
  link.frame(refusal(key, 'malformed'));
  chat.wake(true);
  await reopened();
  assert.deepEqual(
    sent('say').map(({ text }) => text),
    ['and this'],
  );
  const after = chatWith();
  await connected(after);
  assert.deepEqual(
    sent('say').map(({ text }) => text),
    ['and this'],
  );
  assert.equal(after.now().outbox[0]!.shown, 'too much');
  after.drop(key);
  assert.deepEqual(
    stored?.outbox?.map(({ shown }) => shown),
    ['and this'],
  );
});

test('a message that is longer than the server takes never goes out, whatever wrote it', async () => {
  const chat = chatWith();
  chat.say('😀'.repeat(2_001));
  chat.say('x'.repeat(1_000_000));
  await connected(chat);
  chat.say('y'.repeat(20_000));
  link.sent.length = 1;
  chat.say(`${' '.repeat(70_000)}how can I pay?\ufffc\n`);
  link.frame(ack(sent('say')[0]!.key));
  chat.say('😀'.repeat(2_000));
  assert.deepEqual(
    sent('say').map(({ text }) => text.slice(0, 14)),
    ['how can I pay?', '😀'.repeat(7)],
  );
  assert.deepEqual(
    chat.now().outbox.map(({ state, reason }) => [state, reason]),
    [
      ['failed', 'Please make it 1 letter shorter.'],
      ['failed', 'Please make it 998000 letters shorter.'],
      ['failed', 'Please make it 18000 letters shorter.'],
      ['sending', undefined],
      ['sending', undefined],
    ],
  );
});

test('a title, an address and letters without end fit into a hello', async () => {
  Object.assign(globalThis, {
    location: { origin: 'https://shop.example', pathname: '/x'.repeat(20_000) },
    document: { title: '😀'.repeat(20_000) },
  });
  const { page } = await connected(chatWith());
  assert.deepEqual([[...page!.title].length, page!.url.length], [200, 200]);
});

test('a hello that the server cannot read is said again with less, until it is', async () => {
  store({ conversation: 'c9', resume: 'old' });
  const chat = chatWith();
  chat.connect();
  for (const fields of [
    ['after', 'conversation', 'identity', 'locale', 'page', 'resume', 'type'],
    ['after', 'conversation', 'resume', 'type'],
    ['type'],
  ]) {
    await link.opened();
    assert.deepEqual(Object.keys(link.sent[0]!).sort(), fields);
    link.frame(refusal(undefined, 'too_large'));
    mock.timers.tick(0);
  }
  assert.equal(link.sent.length, 1, 'and then it waits as after any failure');
});

test('what nobody can see is not said', async () => {
  const chat = chatWith();
  await connected(chat);
  for (const text of ['', '  ', '\u200b', '\u200b\ufeff \u2060', undefined, null]) chat.say(text);
  assert.deepEqual(sent('say'), []);
  chat.say(42);
  assert.deepEqual(
    sent('say').map(({ text }) => text),
    ['42'],
  );
});

test('a clock that jumps gives up nothing, and a page that slept had no chance', async () => {
  for (const ms of [11 * 60_000, -11 * 60_000, 86_400_000]) {
    const chat = chatWith();
    chat.say('one');
    chat.tick();
    jump(ms);
    chat.tick();
    mock.timers.tick(11 * 60_000);
    chat.tick();
    assert.equal(chat.now().outbox.at(-1)!.state, 'sending');
  }
});

test('patience begins anew on a page that was loaded again', async () => {
  const before = chatWith();
  for (let second = 0; second < 599; second++) before.tick();
  before.say('one');
  const chat = chatWith();
  chat.tick();
  assert.equal(chat.now().outbox[0]!.state, 'sending');
  for (let second = 1; second < 600; second++) chat.tick();
  assert.equal(chat.now().outbox[0]!.state, 'failed');
});

test('a page that wakes up asks whether the link lives, and takes another after two seconds of silence', async () => {
  const chat = chatWith();
  await connected(chat);
  const wakes = [
    () => chat.wake(false),
    () => {
      mock.timers.tick(15_000);
      chat.tick();
    },
  ];
  for (const wakeUp of wakes) {
    chat.tick();
    const old = link;
    wakeUp();
    assert.equal(sent('ping').length > 0, true);
    mock.timers.tick(1_999);
    assert.equal(chat.now().status, 'open');
    mock.timers.tick(1);
    assert.equal(chat.now().status, 'connecting');
    await reopened();
    assert.notEqual(link, old);
  }
});

test('a link that answers when the page wakes up stays', async () => {
  const chat = chatWith();
  await connected(chat);
  const old = link;
  chat.wake(false);
  link.frame({ type: 'pong' });
  mock.timers.tick(10_000);
  assert.deepEqual([chat.now().status, link === old], ['open', true]);
});

test('a tab that has nothing yet goes on with the conversation that another tab began', async () => {
  const chat = chatWith();
  chat.say('here');
  store({ conversation: 'c7', resume: 'theirs' });
  assert.deepEqual([(await connected(chat)).conversation], ['c7']);
});

test('where two tabs begin at the same moment, both go on with the first', async () => {
  const chat = chatWith();
  chat.say('here');
  chat.connect();
  await link.opened();
  store({ conversation: 'c7', resume: 'theirs' });
  link.frame(welcome({ conversation: 'c8', resume: 'mine' }));
  assert.deepEqual(sent('say'), []);
  const hello = await reopened(welcome({ conversation: 'c7' }));
  assert.deepEqual([hello.conversation, hello.resume], ['c7', 'theirs']);
  assert.deepEqual(
    sent('say').map(({ text }) => text),
    ['here'],
  );
});
