// Who the customer is, and what may be seen for it.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import {
  ack,
  chatWith,
  connected,
  forgotten,
  type Hello,
  jump,
  link,
  pass,
  reopened,
  sent,
  settled,
  store,
  stored,
  token,
} from './rig';
import { event, welcome } from './samples';

test('a token goes into hello, and its change into identify', async () => {
  const chat = chatWith();
  chat.identify(token('ana'));
  assert.equal((await connected(chat)).identity, token('ana'));
  chat.identify(`${token('ana')}2`);
  assert.deepEqual(
    sent('identify').map(({ token }) => token),
    [`${token('ana')}2`],
  );
  assert.equal(forgotten, 0);
});

test('another customer starts with nothing of the one before', async () => {
  const chat = chatWith();
  chat.identify(token('ana'));
  await connected(chat, event(1));
  chat.say('my secret');
  chat.identify(token('ben'));
  assert.deepEqual(
    [chat.now().outbox.length, chat.now().conversation.events.length, stored, forgotten],
    [0, 0, undefined, 1],
  );
  const hello = await reopened();
  assert.deepEqual([hello.conversation, hello.resume, hello.identity], [undefined, undefined, token('ben')]);
});

test('a stored conversation of somebody else is not opened', async () => {
  store({ conversation: 'c9', resume: 'old', subject: 'ana', draft: 'secret' });
  const chat = chatWith();
  chat.identify(token('ben'));
  const hello = await connected(chat);
  assert.equal(hello.conversation, undefined);
  assert.equal(chat.now().draft, '');
});

test('a page that says nobody is signed in closes the conversation of who was', async () => {
  store({ conversation: 'c9', resume: 'old', subject: 'ana' });
  mock.method(globalThis, 'fetch', async () => new Response('', { status: 401 }));
  assert.equal((await connected(chatWith({ identityUrl: '/token' }))).conversation, undefined);
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
  assert.deepEqual(
    sent('identify').map(({ token }) => token),
    [token('ana', 1_200)],
  );
  assert.equal(forgotten, 0);
});

test('tokens of a page that names an address are renewed as well', async () => {
  mock.method(globalThis, 'fetch', async () => Response.json({ token: token('ana', Date.now() / 1_000 + 600) }));
  const chat = chatWith({ identityUrl: '/token' });
  await connected(chat);
  await pass(chat, 540);
  assert.deepEqual(
    sent('identify').map(({ token }) => token),
    [token('ana', 1_140)],
  );
});

test('a token that ends soon does not make the page be asked all the time', async () => {
  const asked = mock.fn(() => token('ana', 1));
  const chat = chatWith();
  chat.identify(asked);
  await connected(chat);
  await pass(chat, 31);
  assert.equal(asked.mock.callCount(), 3);
});

test('when the page says that nobody is signed in any more, or somebody else, nothing of the customer stays', async () => {
  for (const next of [null, token('ben', 600)]) {
    const tokens = [token('ana', 100), next, next];
    const before = forgotten;
    const chat = chatWith();
    chat.identify(() => tokens.shift());
    await connected(chat, event(1));
    await pass(chat, 40);
    assert.equal(forgotten, before + 1);
    const hello = await reopened();
    assert.deepEqual([hello.conversation, hello.identity], [undefined, next ?? undefined]);
  }
});

test('a visitor who signs in while the chat is open is told to the server', async () => {
  const chat = chatWith();
  await connected(chat, event(1));
  chat.identify(async () => token('ana', 600));
  await settled();
  assert.deepEqual(
    sent('identify').map(({ token }) => token),
    [token('ana', 600)],
  );
  assert.equal(forgotten, 0);
});

test('signing out leaves nothing behind', async () => {
  const chat = chatWith();
  await connected(chat, event(1));
  chat.say('one');
  chat.logout();
  assert.deepEqual([stored, chat.now().conversation.events.length, chat.now().remembers], [undefined, 0, false]);
});

const answersOfNobody: Record<string, () => Response | Promise<Response>> = {
  'a page to sign in on': () =>
    new Response('<!doctype html><h1>Sign in</h1>', { headers: { 'Content-Type': 'text/html' } }),
  'an empty object': () => Response.json({}),
  'nothing at all': () => new Response(null, { status: 204 }),
  'too many requests': () => new Response('', { status: 429 }),
  'no such page': () => new Response('', { status: 404 }),
  'an empty token': () => Response.json({ token: '' }),
  'a number': () => Response.json({ token: 7 }),
  'a token without a subject': () => Response.json({ token: token(undefined as never, 600) }),
  'no JSON object': () => Response.json(null),
  'a token that no frame can carry': () => Response.json({ token: token(`ana${'x'.repeat(20_000)}`, 600) }),
};

for (const [what, answer] of Object.entries(answersOfNobody)) {
  test(`a page that answers with ${what} does not open what was a customer’s`, async () => {
    store({ conversation: 'c9', resume: 'old', subject: 'ana', draft: 'secret' });
    mock.method(console, 'warn', () => {});
    mock.method(globalThis, 'fetch', async () => answer());
    const chat = chatWith({ identityUrl: '/token' });
    const hello = await connected(chat);
    assert.deepEqual([hello.conversation, hello.resume, hello.identity], [undefined, undefined, undefined]);
    assert.deepEqual([chat.now().draft, chat.now().closed], ['', true]);
  });

  test(`a page that answers with ${what} when the token ends closes the account, until it vouches again`, async () => {
    mock.method(console, 'warn', () => {});
    const vouched = (exp: number) => () => Response.json({ token: token('ana', exp) });
    const answers = [vouched(100), answer, answer];
    mock.method(globalThis, 'fetch', async () => (answers.shift() ?? vouched(900))());
    const chat = chatWith({ identityUrl: '/token' });
    await connected(chat, event(1));
    chat.say('and this?');
    await pass(chat, 41);
    assert.equal(chat.now().conversation.events.length, 0);
    assert.equal((await reopened(welcome({ conversation: 'c2' }))).conversation, undefined);
    await pass(chat, 16);
    const hello = await reopened();
    assert.deepEqual([hello.conversation, hello.resume], ['c1', 'secret']);
    assert.deepEqual(
      sent('say').map(({ text }) => text),
      ['and this?'],
    );
  });
}

test('what a function of the page throws, or gives in place of a token, closes the account too', async () => {
  mock.method(console, 'warn', () => {});
  for (const answer of [undefined, '', {}, new SyntaxError('Unexpected token <')]) {
    store({ conversation: 'c9', resume: 'old', subject: 'ana' });
    const chat = chatWith();
    chat.identify(() => {
      if (answer instanceof Error) throw answer;
      return answer as string;
    });
    assert.equal((await connected(chat)).conversation, undefined);
  }
});

test('a page that gives no token at all does not open what was a customer’s, until it gives one', async () => {
  store({ conversation: 'c9', resume: 'old', subject: 'ana' });
  const chat = chatWith();
  assert.equal((await connected(chat)).conversation, undefined);
  chat.identify(token('ana', 600));
  assert.equal((await reopened()).conversation, 'c9');
  assert.equal(chat.now().closed, false);
});

test('a page that is not there is believed as long as its last token lasts, and the account is closed then', async () => {
  const answers = [() => Response.json({ token: token('ana', 100) })];
  mock.method(globalThis, 'fetch', async () => (answers.shift() ?? (() => new Response('', { status: 503 })))());
  const chat = chatWith({ identityUrl: '/token' });
  await connected(chat, event(1));
  await pass(chat, 60);
  chat.wake(true);
  assert.equal((await reopened()).conversation, 'c1');
  assert.equal(forgotten, 0);
  await pass(chat, 60);
  assert.equal(forgotten, 1);
  assert.equal((await reopened()).conversation, undefined);
});

test('what was put aside is forgotten when the page says that nobody, or somebody else, is signed in', async () => {
  for (const next of [null, token('ben', 600)]) {
    store({ conversation: 'c9', resume: 'old', subject: 'ana' });
    const chat = chatWith();
    await connected(chat);
    assert.equal(stored?.aside?.conversation, 'c9');
    chat.identify(next as string);
    assert.deepEqual([chat.now().closed, stored?.aside], [false, undefined]);
    chat.identify(token('ana', 600));
    assert.notEqual((await reopened()).conversation, 'c9');
  }
});

test('what was said while the page could not say goes on, with what was not sent before', async () => {
  const before = chatWith();
  before.identify(token('ana', 600));
  await connected(before);
  before.say('not sent yet');
  const chat = chatWith();
  await connected(chat, welcome({ conversation: 'c2', resume: 'new' }));
  chat.say('who are you?');
  chat.identify(token('ana', 600));
  assert.deepEqual(sent('identify').length, 1);
  link.frame(ack(sent('say')[1]!.key));
  assert.deepEqual(
    sent('say').map(({ text }) => text),
    ['who are you?', 'not sent yet', 'who are you?'],
  );
  assert.deepEqual([stored?.conversation, stored?.subject, stored?.aside], ['c2', 'ana', undefined]);
});

test('a token that the server refuses does not take a visitor’s own conversation away', async () => {
  store({ conversation: 'c9', resume: 'old' });
  const chat = chatWith();
  chat.identify(token('ana', 600));
  chat.connect();
  for (const conversation of ['c9', 'c9', 'c9']) {
    await link.opened();
    assert.equal((link.sent[0] as Hello).conversation, conversation);
    link.frame({ type: 'error', code: 'bad_identity', message: 'No.' });
    mock.timers.tick(0);
  }
  await reopened(welcome({ conversation: 'c9' }));
  chat.identify(token('ben', 600));
  link.frame({ type: 'error', code: 'bad_identity', message: 'No.' });
  chat.wake(true);
  assert.equal((await reopened()).conversation, 'c9');
});

test('a page that takes its time, or for ever, makes nobody wait: a visitor within three seconds, verified when the token comes', async () => {
  for (const seconds of [12, Infinity]) {
    let answer!: (token: string) => void;
    const chat = chatWith();
    chat.identify(() => new Promise<string>((resolve) => (answer = resolve)));
    chat.connect();
    const opened = link.opened();
    await settled();
    mock.timers.tick(2_999);
    await settled();
    assert.deepEqual(link.sent, []);
    mock.timers.tick(1);
    await opened;
    assert.equal((link.sent[0] as Hello).identity, undefined);
    link.frame(welcome({ resume: 'secret' }));
    if (seconds === Infinity) continue;
    await pass(chat, seconds - 3);
    answer(token('ana', 600));
    await settled();
    assert.deepEqual(
      sent('identify').map(({ token }) => token),
      [token('ana', 600)],
    );
  }
});

test('a customer’s conversation comes back when a slow page has vouched for them', async () => {
  store({ conversation: 'c9', resume: 'old', subject: 'ana' });
  let answer!: (token: string) => void;
  const chat = chatWith();
  chat.identify(() => new Promise<string>((resolve) => (answer = resolve)));
  chat.connect();
  const opened = link.opened();
  await settled();
  mock.timers.tick(3_000);
  await opened;
  assert.equal((link.sent[0] as Hello).conversation, undefined);
  link.frame(welcome({ conversation: 'c2', resume: 'new' }));
  answer(token('ana', 600));
  await settled();
  mock.timers.tick(0);
  const again = link.opened();
  await settled();
  mock.timers.tick(3_000);
  await again;
  const { conversation, resume, identity } = link.sent[0] as Hello;
  assert.deepEqual([conversation, resume, identity], ['c9', 'old', token('ana', 600)]);
});

test('a page that never answers is asked again', async () => {
  const asked = mock.fn(() => new Promise<string>(() => {}));
  const chat = chatWith();
  chat.identify(asked);
  chat.connect();
  const opened = link.opened();
  await settled();
  mock.timers.tick(3_000);
  await opened;
  link.frame(welcome());
  await pass(chat, 80);
  assert.equal(asked.mock.callCount(), 2);
});

for (const wrong of [3_600_000, -3_600_000, 86_400_000 * 365]) {
  test(`tokens are renewed by the server’s time with a clock that is wrong by ${wrong} ms and then by half of it`, async () => {
    const server = 1_800_000_000_000;
    jump(server + wrong);
    const asked = mock.fn(() => token('ana', server / 1_000 + 600));
    const chat = chatWith();
    chat.identify(asked);
    chat.connect();
    await link.opened();
    link.frame(welcome({ resume: 'secret', at: server }));
    await pass(chat, 300);
    jump(-wrong / 2);
    await pass(chat, 230);
    assert.equal(asked.mock.callCount(), 1);
    await pass(chat, 15);
    assert.equal(asked.mock.callCount(), 2);
  });
}

test('a server that does not tell its time leaves the clock as it is', async () => {
  const asked = mock.fn(() => token('ana', 600));
  const chat = chatWith();
  chat.identify(asked);
  await connected(chat, { ...welcome(), at: undefined } as never);
  await pass(chat, 530);
  assert.equal(asked.mock.callCount(), 1);
});

test('whoever builds the page reads why there is no token', async () => {
  const warned = mock.method(console, 'warn', () => {});
  const said = async (answer: () => unknown, identityUrl?: string) => {
    warned.mock.resetCalls();
    const chat = chatWith({ identityUrl });
    if (identityUrl) mock.method(globalThis, 'fetch', async () => answer());
    else chat.identify(answer as () => string);
    assert.equal((await connected(chat)).identity, undefined);
    return warned.mock.calls.map((call) => call.arguments.join(' ')).join('\n');
  };
  const start = 'plainbill: no identity token, so the customer is a visitor:';
  for (const [answer, why, address] of [
    [() => ({ token: 'x' }), 'object, not text or null'],
    [() => undefined, 'undefined, not text or null'],
    [() => 'x'.repeat(8_001), 'too long'],
    [() => 'eyJ.x.y', 'no JWT with sub'],
    [() => Promise.reject(new Error('signed out')), 'Error: signed out'],
    [() => new Response('', { status: 403 }), '/my/token: 403', '/my/token'],
    [() => new Response('<html>'), "SyntaxError: Unexpected token '<'", '/my/token'],
    [() => Response.json({ jwt: 'x' }), 'undefined, not text or null', '/my/token'],
  ] as const) {
    assert.ok((await said(answer, address)).startsWith(`${start} ${why}`), why);
  }
  assert.equal(await said(() => new Response('', { status: 401 }), '/my/token'), '');
});
