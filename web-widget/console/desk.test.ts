// Tests of what counts as known: no list, number or presence is shown as live when it isn't.

// It makes the page that the others look for, so it comes first.
import { serve, settled } from './page-for-tests';

import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import type { ConversationRow } from '../protocol';
import {
  allKnown,
  comes,
  countOf,
  forgetDesk,
  forgetKnown,
  heardOf,
  isFresh,
  isKnown,
  isOnline,
  listFaults,
  loadList,
  loadWanted,
  markSeen,
  restOf,
  rows,
} from './desk';
import { link, me } from './state';

const row = (id: string, change: Partial<ConversationRow> = {}): ConversationRow => ({
  id,
  owner: 'queue',
  urgent: false,
  last_text: '',
  last_at: 0,
  seq: 1,
  customer_seq: 1,
  online: true,
  ...change,
});
const list = (...conversations: ConversationRow[]) => ({ conversations, total: conversations.length });

/** The link comes up or goes, as the console hears of it. */
function linkIs(to: 'up' | 'down') {
  link.value = to;
  forgetKnown();
  if (to === 'up') loadWanted();
}

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout'] });
  me.value = { id: 's1', login: 'priya', name: 'Priya', role: 'answers' };
  link.value = 'off';
});
afterEach(() => {
  forgetDesk();
  mock.timers.reset();
});

test('a list that was answered before the link came up is not known until it is answered again', async () => {
  serve(() => list());
  await loadList('waiting');
  assert.equal(isKnown('waiting'), false);
  assert.equal(countOf('waiting'), undefined);
  linkIs('up');
  assert.equal(countOf('waiting'), undefined);
  await settled();
  assert.equal(countOf('waiting'), 0);
});

test('a refresh that fails once is no news: it goes on until there is an answer', async () => {
  let answers: unknown[] = [list()];
  serve(() => answers.shift() ?? 503);
  await loadList('waiting');
  answers = [list()];
  linkIs('up');
  await settled();
  assert.equal(allKnown.value, true);
  linkIs('down');
  answers = [503, list(row('asked-meanwhile'))];
  linkIs('up');
  await settled();
  assert.equal(isKnown('waiting'), false);
  assert.equal(countOf('waiting'), undefined);
  assert.equal(allKnown.value, false);
  assert.ok(listFaults.value.has('waiting'));
  mock.timers.tick(500);
  await settled();
  assert.equal(countOf('waiting'), 1);
  assert.equal(listFaults.value.has('waiting'), false);
});

test('an answer that was asked for over the last link does not count for this one', async () => {
  let answer: (value: unknown) => void = () => {};
  serve(() => new Promise((resolve) => (answer = resolve)));
  linkIs('up');
  const asked = loadList('waiting');
  const late = answer;
  link.value = 'down';
  forgetKnown();
  link.value = 'up';
  forgetKnown();
  late(list());
  await asked;
  assert.equal(isKnown('waiting'), false);
});

test('of two requests for a list only the later counts, whichever is answered last', async () => {
  const answers: ((value: unknown) => void)[] = [];
  serve(() => new Promise((resolve) => answers.push(resolve)));
  linkIs('up');
  const first = loadList('waiting');
  const second = loadList('waiting');
  await settled();
  answers[1]!(list(row('now')));
  await second;
  answers[0]!(list(row('before')));
  await first;
  assert.deepEqual([...rows.value.keys()], ['now']);
});

test('whether a customer is there is known only while the link holds, and by the newest word', async () => {
  let answer: (value: unknown) => void = () => {};
  serve(() => new Promise((resolve) => (answer = resolve)));
  linkIs('up');
  const asked = loadList('waiting');
  await settled();
  heardOf(row('gone', { online: true }));
  comes('gone', false);
  answer(
    list(row('gone', { online: true }), row('there', { online: true }), row('nobody-knows', { online: undefined })),
  );
  await asked;
  assert.deepEqual(['gone', 'there', 'nobody-knows'].map(isOnline), [false, true, undefined]);
  linkIs('down');
  assert.equal(isOnline('there'), undefined);
});

test('a list that is longer than its answer says how many there are, and is asked for again when something changes', async () => {
  let total = 5_000;
  serve(() => ({ conversations: [row('a'), row('b')], total }));
  linkIs('up');
  await loadList('waiting');
  assert.equal(countOf('waiting'), 5_000);
  assert.equal(restOf('waiting'), 4_998);
  total = 4_999;
  heardOf(row('a', { owner: 'staff', seq: 2 }));
  mock.timers.tick(2_000);
  await settled();
  assert.equal(countOf('waiting'), 4_999);
});

test('only words of the customer are new to somebody', async () => {
  linkIs('up');
  const mine = row('mine', { owner: 'staff', staff: me.peek()!, seq: 4, customer_seq: 3 });
  heardOf(mine);
  markSeen('mine', 4);
  assert.equal(isFresh({ ...mine, seq: 5 }), false, 'a reply of mine from another window');
  assert.equal(isFresh({ ...mine, seq: 6, customer_seq: 6 }), true);
});
