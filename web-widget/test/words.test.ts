// Words, texts and names as the customer reads them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clock, day, goodLocale, moment, plural, rank } from '../shared/format';
import { isBlank, pieces, tidy } from '../shared/text';
import { claims } from '../widget/identity';
import { spoken, transcript } from '../widget/transcript';
import * as words from '../widget/words';
import { card, event } from './samples';

test('one is singular, everything else is plural', () => {
  assert.deepEqual(
    [0, 1, 2].map((count) => plural(count, 'message', 'messages')),
    ['0 messages', '1 message', '2 messages'],
  );
});

test('places are words as long as people would say them so', () => {
  assert.deepEqual([2, 5, 12].map(rank), ['second', 'fifth', 'number 12']);
});

test('the wait is stated with place and minutes', () => {
  assert.equal(words.place(1, 0), 'You’re next in line, about 1 minute.');
  assert.equal(words.place(3, 4), 'You’re third in line, about 4 minutes.');
  assert.equal(words.place(12), 'You’re number 12 in line.');
});

test('a locale is the first that is one, also as programs write it, or the browser’s own', () => {
  for (const [wanted, good] of [
    [['en_GB'], 'en-GB'],
    [['en_GB.UTF-8', 'de'], 'en-GB'],
    [['en-US@posix'], 'en-US'],
    [['de-DE,de;q=0.9'], 'de-DE'],
    [[' fr '], 'fr'],
    [['C', 'de-AT'], 'de-AT'],
    [['C.UTF-8'], undefined],
    [['', undefined, 'not a language', 'sv'], 'sv'],
    [['english (UK)', 'x', '*', '-', 'en--GB'], undefined],
    [['x'.repeat(20_000), 'pt-br'], 'pt-BR'],
    [[], undefined],
  ] as const) {
    const locale = goodLocale(...wanted);
    assert.equal(locale, good, `${wanted}`);
    for (const write of [clock, day, moment]) assert.ok(write(0, locale));
    assert.ok(transcript([event(1)], locale));
  }
});

test('what nobody can see is nothing, what anybody can is something', () => {
  for (const text of [
    '',
    ' \t\n',
    '\u200b',
    '\u200b\u200b \ufeff',
    '\u00ad',
    '\u2800',
    '\u3164',
    '\0',
    '\u202e\u202c',
    '\u{e0041}',
    '\ufffc',
    ' \u0301',
    '\u20e3',
    '\ue000',
    '\ufdd0',
    '\u{10ffff}',
  ])
    assert.ok(isBlank(text), JSON.stringify(text));
  for (const text of [
    '?',
    '\u200ba',
    '❤\ufe0f',
    '👩\u200d🚀',
    '\ufffd',
    '\ud83d',
    '0',
    '。',
    'e\u0301',
    '\u0e14\u0e35',
    '€',
    '1\ufe0f\u20e3',
    '🇬🇧',
    '\u{1fae8}',
    '\u{1fafc}',
  ])
    assert.ok(!isBlank(text), JSON.stringify(text));
});

test('space around a text and places of pictures in it are neither counted nor sent', () => {
  assert.deepEqual([' \u00a0hi\n', 'see \ufffc this', '\ufffc'].map(tidy), ['hi', 'see  this', '']);
});

test('only web addresses are linked, without the punctuation after them', () => {
  assert.deepEqual(pieces('See https://a.example/b?c=1, or (http://d.example).'), [
    'See ',
    'https://a.example/b?c=1',
    ', or (',
    'http://d.example',
    ').',
  ]);
  assert.deepEqual(pieces('javascript:alert(1) or ftp://a.example'), ['javascript:alert(1) or ftp://a.example']);
});

test('a card is spoken line by line', () => {
  assert.equal(
    spoken(event(1, { text: 'Here it is.', card })),
    'Here it is.\nJune bill\n  Standard, £30.00\n  Engineer visit, New, On 4 June, £12.00\n  Total, £42.00\nVAT is included.',
  );
});

test('a receipt is spoken with how to undo it and its reference', () => {
  const receipt = { reference: 'CN-1', undo: 'Ask a colleague.' };
  assert.equal(
    spoken(event(1, { kind: 'receipt', text: 'The fee is off.', receipt })),
    'The fee is off.\nAsk a colleague.\nCN-1',
  );
});

test('the transcript names who speaks and leaves ratings out', () => {
  const text = transcript(
    [
      event(1, { from: 'customer', text: 'Hello' }),
      event(2, { text: 'Hi.' }),
      event(3, { from: 'customer', kind: 'rating', score: 1, text: undefined }),
      event(4, { from: 'system', kind: 'owner', owner: 'staff', text: 'Priya joined.' }),
      event(5, { from: 'staff', name: 'Priya', text: 'I’m here.' }),
    ],
    'en-GB',
  );
  const said = text
    .trim()
    .split('\n')
    .map((line) => line.split('  ')[1]);
  assert.deepEqual(said, ['You: Hello', 'Assistant: Hi.', 'Priya joined.', 'Priya: I’m here.']);
});

test('a token says whom it is about, anything else says nothing', () => {
  const payload = Buffer.from(JSON.stringify({ sub: 'ana?>', exp: 7 })).toString('base64url');
  assert.deepEqual(claims(`h.${payload}.s`), { sub: 'ana?>', exp: 7 });
  for (const other of ['not a token', 'a.b.c', 'a.bnVsbA.c', '']) assert.equal(claims(other).sub, undefined);
});
