// Tests of replies whose answer is lost, of a conversation that can't be fetched, and of what goes with a person.

// It makes the page that the others look for, so it comes first.
import { serve, settled } from './page-for-tests';

import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import type { ConversationDetail, ConversationRow, WireEvent } from '../protocol';
import { sits, whenSignedOut } from './api';
import { forgetDesk, forgetKnown } from './desk';
import { forgetGiving, give, giving } from './goodwill';
import { newKey } from './key';
import {
  bringUnsent,
  catchUp,
  drafts,
  forgetOpen,
  happened,
  keepBelongings,
  loseTouch,
  open,
  openFault,
  openKnown,
  openRow,
  replyFaults,
  rowCame,
  send,
  show,
  underWay,
  useSocket,
  write,
} from './open';
import { link, me } from './state';

const priya = { id: 's1', login: 'priya', name: 'Priya', role: 'answers' };
const ben = { id: 's2', login: 'ben', name: 'Ben', role: 'answers' };
const asked: WireEvent = { seq: 1, at: 0, from: 'customer', kind: 'message', text: 'Hello?' };
const row: ConversationRow = {
  id: 'c1',
  owner: 'staff',
  staff: priya,
  urgent: false,
  last_text: 'Hello?',
  last_at: 0,
  seq: 1,
  customer_seq: 1,
  online: true,
};
const detail: ConversationDetail = { row, events: [asked], flagged: [] };
const said = (text: string): WireEvent => ({ seq: 2, at: 0, from: 'staff', name: 'Priya', kind: 'message', text });

let watched: string[] = [];

function enter(who: typeof priya) {
  sits(who.id);
  bringUnsent(who.id);
  me.value = who;
}

function leave() {
  me.value = null;
  sits(undefined);
  forgetOpen();
  forgetGiving();
  forgetDesk();
}

beforeEach(async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  watched = [];
  useSocket({ watch: (id, after) => void watched.push(`${id} ${after}`), unwatch() {}, typing() {} });
  whenSignedOut(leave);
  sessionStorage.removeItem('plainbill.console.unsent');
  enter(priya);
  link.value = 'up';
  forgetKnown();
  serve(() => detail);
  await show('c1');
});
afterEach(() => {
  leave();
  mock.timers.reset();
});

test('a page that comes by plain http has keys as well', () => {
  const { randomUUID } = crypto;
  Object.defineProperty(crypto, 'randomUUID', { value: undefined, configurable: true });
  assert.notEqual(newKey(), newKey());
  Object.defineProperty(crypto, 'randomUUID', { value: randomUUID, configurable: true });
});

test('a reply whose answer was lost leaves the field when it stands in the log', async () => {
  serve((path) => (path.endsWith('/reply') ? new Error('cut') : detail));
  write('c1', 'Let me look.');
  await send('c1');
  assert.equal(drafts.value.get('c1'), 'Let me look.');
  assert.match(replyFaults.value.get('c1') ?? '', /^Perhaps not sent/);
  happened('c1', [said('Let me look.')]);
  assert.equal(drafts.value.has('c1'), false);
  assert.equal(replyFaults.value.has('c1'), false);
});

test('the same words that were said before are not taken for the ones that were lost', async () => {
  happened('c1', [said('One moment.')]);
  serve((path) => (path.endsWith('/reply') ? new Error('cut') : { ...detail, events: [asked, said('One moment.')] }));
  write('c1', 'One moment.');
  await send('c1');
  await settled();
  assert.equal(drafts.value.get('c1'), 'One moment.');
});

test('a conversation that cannot be fetched again is watched all the same, said to be old, and fetched later', async () => {
  let works = false;
  serve(() => (works ? detail : 503));
  link.value = 'down';
  forgetKnown();
  loseTouch();
  link.value = 'up';
  forgetKnown();
  watched = [];
  catchUp();
  assert.deepEqual(watched, ['c1 1']);
  await settled();
  assert.ok(openFault.value);
  assert.equal(openKnown.value, false);
  works = true;
  mock.timers.tick(500);
  await settled();
  assert.equal(openFault.value, undefined);
  assert.equal(openKnown.value, true);
});

test('the open conversation keeps its newest row, also where it stands in no list', () => {
  rowCame({ ...row, owner: 'nobody', seq: 3 });
  forgetDesk();
  assert.equal(openRow.value?.owner, 'nobody');
});

test('what was on its way when somebody was signed out is not there for the next person', async () => {
  const stop = keepBelongings();
  let refuse: (status: number) => void = () => {};
  serve((path) => (path.endsWith('/reply') ? new Promise((resolve) => (refuse = resolve)) : detail));
  write('c1', 'Something about Sam.');
  void send('c1');
  giving.value = { id: 'c1', fields: { what: '', amount: '5', reason: 'For Sam' }, busy: false };
  await settled();
  refuse(401);
  await settled();
  enter(ben);
  assert.equal(open.value, undefined);
  assert.deepEqual([drafts.value.size, underWay.value.size, replyFaults.value.size], [0, 0, 0]);
  assert.equal(giving.value, undefined);
  leave();
  enter(priya);
  assert.equal(drafts.value.size, 0, 'nor when the first one comes back: it went when the other came');
  stop();
});

test('who signs in again finds what they had not sent, also after a reload', async () => {
  const stop = keepBelongings();
  serve((path) => (path.endsWith('/reply') ? 401 : detail));
  write('c1', 'Half a sen');
  write('c2', 'Another');
  await Promise.race([send('c1'), settled()]);
  assert.equal(me.value, null);
  assert.equal(drafts.value.size, 0);
  enter(priya);
  assert.deepEqual(Object.fromEntries(drafts.value), { c1: 'Half a sen', c2: 'Another' });
  stop();
});

test('an answer to somebody who has left changes nothing', async () => {
  let answer: (value: unknown) => void = () => {};
  serve(() => new Promise((resolve) => (answer = resolve)));
  giving.value = {
    id: 'c1',
    offer: { limit: '', left: '', clause: '', late_fees: [] },
    fields: { what: 'B1', amount: '', reason: 'x' },
    busy: false,
  };
  void give(false);
  await settled();
  leave();
  enter(ben);
  giving.value = { id: 'c1', fields: { what: '', amount: '', reason: '' }, busy: false };
  answer({ state: 'asks', text: 'For Sam', clause: '' });
  await settled();
  assert.equal(giving.value?.asks, undefined);
});
