// How frames change the conversation.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerFrame } from '../protocol';
import { isGap, isSaid, nothing, openChoices, openSurvey, step, TYPING_MS, unread } from '../widget/conversation';
import { card, event, welcome } from './samples';

const after = (...frames: ServerFrame[]) =>
  frames.reduce((conversation, frame) => step(conversation, frame, 0), nothing);
const choices = [{ id: 'see_bill', label: 'See the bill' }];

test('events are kept in their order', () => {
  const conversation = after(welcome({ seq: 2 }), event(1), event(2));
  assert.equal(conversation.seen, 2);
  assert.deepEqual(
    conversation.events.map(({ text }) => text),
    ['Message 1', 'Message 2'],
  );
});

test('an event that was seen already changes nothing', () => {
  const conversation = after(welcome(), event(1), event(2));
  assert.equal(step(conversation, event(1, { text: 'again' }), 0), conversation);
  assert.equal(step(conversation, event(2), 0), conversation);
});

test('a receipt is something said, and what it offers can be tapped', () => {
  const receipt = event(2, {
    kind: 'receipt',
    text: 'Your late fee is off.',
    receipt: { reference: 'CN-1', undo: 'Ask a colleague.' },
    choices,
  });
  const conversation = after(welcome(), event(1), receipt);
  assert.equal(isSaid(receipt), true);
  assert.equal(openChoices(conversation)?.seq, 2);
});

test('an event out of turn is a gap, the next one is none', () => {
  const conversation = after(welcome(), event(1));
  assert.equal(isGap(conversation, event(3)), true);
  assert.equal(isGap(conversation, event(2)), false);
  assert.equal(isGap(conversation, event(1)), false);
});

test('a welcome back keeps the events, a reset or another conversation drops them', () => {
  const conversation = after(welcome(), event(1));
  assert.equal(step(conversation, welcome(), 0).events.length, 1);
  assert.equal(step(conversation, welcome({ reset: true }), 0).seen, 0);
  assert.equal(step(conversation, welcome({ conversation: 'c2' }), 0).seen, 0);
});

test('a welcome says who answers and whether the customer is known', () => {
  const known = after(welcome({ owner: 'staff', staff: 'Priya', verified: 'Ana' }));
  assert.deepEqual([known.owner, known.staff, known.verified], ['staff', 'Priya', 'Ana']);
  const later = step(known, welcome(), 0);
  assert.deepEqual([later.owner, later.verified], ['bot', undefined]);
});

test('a change of owner names the person', () => {
  const waiting = after(welcome(), event(1, { from: 'system', kind: 'owner', owner: 'queue' }), {
    type: 'queue',
    place: 3,
    minutes: 4,
  });
  assert.equal(waiting.owner, 'queue');
  assert.equal(waiting.queue?.place, 3);
  const joined = step(waiting, event(2, { from: 'system', kind: 'owner', owner: 'staff', name: 'Priya' }), 0);
  assert.deepEqual([joined.owner, joined.staff], ['staff', 'Priya']);
  const back = step(joined, event(3, { from: 'system', kind: 'owner', owner: 'bot' }), 0);
  assert.deepEqual([back.owner, back.staff], ['bot', undefined]);
});

test('whoever waits hears once that the opening hours have begun', () => {
  const closed = welcome({ owner: 'queue', hours: { open: false, text: 'Mondays', back: 'Monday 9:30' } });
  const waiting = after(closed, { type: 'queue', place: 2, back: 'Monday 9:30' });
  assert.deepEqual([waiting.hours?.open, waiting.queue?.opened], [false, false]);
  const begun = step(waiting, { type: 'queue', place: 2 }, 0);
  assert.deepEqual([begun.hours, begun.queue?.opened], [{ open: true, text: 'Mondays', back: undefined }, true]);
  assert.equal(step(begun, { type: 'queue', place: 1 }, 0).queue?.opened, false);
  const ended = step(begun, { type: 'queue', place: 2, back: 'Tuesday 9:30' }, 0);
  assert.deepEqual([ended.hours?.open, ended.hours?.back], [false, 'Tuesday 9:30']);
});

test('who is speaking is still known after a break', () => {
  const joined = after(welcome(), event(1, { from: 'system', kind: 'owner', owner: 'staff', name: 'Priya' }));
  assert.equal(step(joined, welcome({ owner: 'staff', seq: 1 }), 0).staff, 'Priya');
});

test('typing ends with a message, with its own frame, or after ten seconds', () => {
  const typing = step(after(welcome()), { type: 'typing', from: 'staff', on: true }, 500);
  assert.equal(typing.typing?.until, 500 + TYPING_MS);
  assert.equal(step(typing, event(1, { from: 'staff' }), 0).typing, undefined);
  assert.equal(step(typing, { type: 'typing', from: 'staff', on: false }, 0).typing, undefined);
  assert.notEqual(step(typing, event(1, { from: 'customer' }), 0).typing, undefined);
});

test('choices are open as long as the bot said the last thing', () => {
  const asked = after(welcome(), event(1, { choices }));
  assert.equal(openChoices(asked)?.seq, 1);
  assert.equal(openChoices(step(asked, event(2, { from: 'customer' }), 0)), undefined);
  assert.equal(openChoices(step(asked, event(2), 0)), undefined);
  assert.equal(openChoices(step(asked, event(2, { from: 'system', kind: 'owner', owner: 'nobody' }), 0)), undefined);
});

test('a rating is not something that was said, and keeps the choices open', () => {
  const rated = after(
    welcome(),
    event(1, { choices, rateable: true }),
    event(2, { from: 'customer', kind: 'rating', about: 1, score: 1, text: undefined }),
  );
  assert.equal(rated.scores[1], 1);
  assert.equal(openChoices(rated)?.seq, 1);
});

test('a survey is open until it is answered or the talk goes on', () => {
  const asked = after(welcome(), event(1), event(2, { kind: 'survey' }));
  assert.equal(openSurvey(asked)?.seq, 2);
  assert.equal(
    openSurvey(step(asked, event(3, { from: 'customer', kind: 'rating', about: 2, score: 5 }), 0)),
    undefined,
  );
  assert.equal(openSurvey(step(asked, event(3, { from: 'customer' }), 0)), undefined);
});

test('kinds that are not known yet show when they have words or figures', () => {
  assert.equal(isSaid(event(1, { kind: 'receipt', text: 'The fee is off.' })), true);
  assert.equal(isSaid(event(1, { kind: 'notice', text: undefined, card })), true);
  assert.equal(isSaid(event(1, { kind: 'sealed', text: undefined })), false);
});

test('frames that are not known yet change nothing', () => {
  const conversation = after(welcome(), event(1));
  assert.equal(step(conversation, { type: 'fireworks' } as unknown as ServerFrame, 0), conversation);
});

test('only what our side said counts as unread', () => {
  const conversation = after(
    welcome(),
    event(1, { from: 'customer' }),
    event(2),
    event(3, { kind: 'owner', owner: 'queue' }),
    event(4, { from: 'staff' }),
  );
  assert.equal(unread(conversation, 0), 2);
  assert.equal(unread(conversation, 2), 1);
  assert.equal(unread(conversation, 4), 0);
});
