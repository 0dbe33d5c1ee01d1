// Tests of which list a conversation stands in and in which order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConversationRow } from '../protocol';
import { listOf, place, type Rows, replaceList, rowsOf, waitLevel } from './lists';

const me = { id: 's1', login: 'priya', name: 'Priya', role: 'answers' };
const ben = { id: 's2', login: 'ben', name: 'Ben', role: 'answers' };
const row = (id: string, change: Partial<ConversationRow> = {}): ConversationRow => ({
  id,
  owner: 'queue',
  urgent: false,
  last_text: '',
  last_at: 0,
  seq: 1,
  customer_seq: 0,
  online: true,
  ...change,
});
const rows = (...all: ConversationRow[]): Rows => new Map(all.map((it) => [it.id, it]));

test('the owner says which list a conversation stands in', () => {
  assert.equal(listOf(row('a'), me.id), 'waiting');
  assert.equal(listOf(row('a', { owner: 'bot' }), me.id), 'bot');
  assert.equal(listOf(row('a', { owner: 'nobody' }), me.id), 'closed');
  assert.equal(listOf(row('a', { owner: 'staff', staff: me }), me.id), 'mine');
  assert.equal(listOf(row('a', { owner: 'staff', staff: ben }), me.id), undefined);
});

test('the urgent come first, then those who have waited longest', () => {
  const all = rows(
    row('new', { waiting_since: 30 }),
    row('old', { waiting_since: 10 }),
    row('urgent', { waiting_since: 40, urgent: true }),
  );
  assert.deepEqual(
    rowsOf(all, 'waiting', me.id).map(({ id }) => id),
    ['urgent', 'old', 'new'],
  );
});

test('the other lists begin with the newest', () => {
  const all = rows(row('old', { owner: 'bot', last_at: 1 }), row('new', { owner: 'bot', last_at: 2 }));
  assert.deepEqual(
    rowsOf(all, 'bot', me.id).map(({ id }) => id),
    ['new', 'old'],
  );
});

test('an older state of a conversation changes nothing', () => {
  const all = rows(row('a', { seq: 5, owner: 'bot' }));
  assert.equal(place(all, row('a', { seq: 4 })), all);
  assert.equal(place(all, row('a', { seq: 5, owner: 'queue' })).get('a')?.owner, 'queue');
});

test('a list from the server takes away what has left it, but not what was heard of meanwhile', () => {
  const all = rows(row('gone'), row('stays'), row('heard'), row('other', { owner: 'bot' }));
  const after = replaceList(all, 'waiting', [row('stays', { seq: 2 }), row('fresh')], me.id, new Set(['heard']));
  assert.deepEqual([...after.keys()].sort(), ['fresh', 'heard', 'other', 'stays']);
  assert.equal(after.get('stays')?.seq, 2);
});

test('a wait is long from two minutes and too long from five', () => {
  assert.deepEqual([0, 119_999, 120_000, 299_999, 300_000].map(waitLevel), [
    'fine',
    'fine',
    'long',
    'long',
    'too-long',
  ]);
});
