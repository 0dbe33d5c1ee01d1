// Tests of the log of a conversation as staff read it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WireEvent } from '../protocol';
import { blocks, flaggable, lastSeq, merge, paragraphs, speakerOf, understoodBelow } from './transcript';

const MINUTE = 60_000;
const event = (seq: number, from: string, change: Partial<WireEvent> = {}): WireEvent => ({
  seq,
  at: seq * 1000,
  from,
  kind: 'message',
  text: `${from} ${seq}`,
  ...change,
});
const seqs = (events: readonly WireEvent[]) => events.map(({ seq }) => seq);

test('events are added in order, whatever order they come in', () => {
  const { events, gap } = merge([event(1, 'customer')], [event(3, 'bot'), event(2, 'bot')]);
  assert.deepEqual(seqs(events), [1, 2, 3]);
  assert.equal(gap, false);
  assert.equal(lastSeq(events), 3);
});

test('an event that is there already is replaced, never doubled', () => {
  const { events } = merge(
    [event(1, 'customer'), event(2, 'staff', { text: '4111 1111' })],
    [event(2, 'staff', { text: '•••• 1111' })],
  );
  assert.deepEqual(seqs(events), [1, 2]);
  assert.equal(events[1]?.text, '•••• 1111');
});

test('a receipt stands among the words of the assistant', () => {
  assert.equal(speakerOf(event(1, 'bot', { kind: 'receipt' }), 'Sam'), 'bot');
  assert.equal(speakerOf(event(1, 'system', { kind: 'receipt' }), 'Sam'), 'bot');
  assert.equal(speakerOf(event(1, 'staff', { kind: 'receipt', name: 'Sam' }), 'Sam'), 'me');
});

test('nothing is added after a gap', () => {
  const { events, gap } = merge([event(1, 'customer')], [event(2, 'bot'), event(4, 'bot')]);
  assert.deepEqual(seqs(events), [1, 2]);
  assert.equal(gap, true);
});

test('an old event from before the log leaves it as it is', () => {
  const { events } = merge([event(5, 'customer')], [event(2, 'bot')]);
  assert.deepEqual(seqs(events), [5]);
});

test('what the bot understood stands below the message that it is about', () => {
  const understood = { decision: 'no_idea', guesses: [] };
  const own = { decision: 'answer', guesses: [] };
  const below = understoodBelow([
    event(1, 'customer'),
    event(2, 'customer'),
    event(3, 'bot', { understood }),
    event(4, 'customer', { understood: own }),
    event(5, 'bot', { understood }),
  ]);
  assert.equal(below.get(2), understood);
  assert.equal(below.get(4), own);
  assert.deepEqual([...below.keys()], [2, 4]);
});

test('an exchange can be marked as wrong once: at the answer, or at the words that the bot looked at', () => {
  const understood = { decision: 'answer', guesses: [] };
  const answered = [event(1, 'customer', { understood }), event(2, 'bot', { rateable: true })];
  const talked = [event(3, 'customer', { understood }), event(4, 'bot')];
  const tapped = [event(5, 'customer'), event(6, 'bot')];
  const withStaff = [event(7, 'system', { kind: 'owner', owner: 'staff' }), event(8, 'customer'), event(9, 'staff')];
  assert.deepEqual([...flaggable([...answered, ...talked, ...tapped, ...withStaff])], [2, 3]);
});

test('a colleague is told apart from the reader', () => {
  assert.equal(speakerOf(event(1, 'staff', { name: 'Priya' }), 'Priya'), 'me');
  assert.equal(speakerOf(event(1, 'staff', { name: 'Ben' }), 'Priya'), 'colleague');
  assert.equal(speakerOf(event(1, 'customer', { kind: 'rating' }), 'Priya'), 'system');
});

test('messages in one breath by one speaker stand together, and a new day stands between days', () => {
  const noon = new Date(2026, 5, 16, 12).getTime();
  const log = [
    event(1, 'customer', { at: noon }),
    event(2, 'customer', { at: noon + MINUTE }),
    event(3, 'bot', { at: noon + MINUTE }),
    event(4, 'customer', { at: noon + 24 * 60 * MINUTE }),
  ];
  assert.deepEqual(
    blocks(log, 'Priya').map((block) => (block.kind === 'group' ? seqs(block.events) : block.kind)),
    ['day', [1, 2], [3], 'day', [4]],
  );
});

test('lines that begin with a dash are one list', () => {
  assert.deepEqual(paragraphs('Why:\n- one\n- two\n\nDone.'), [
    { kind: 'p', text: 'Why:' },
    { kind: 'ul', items: ['one', 'two'] },
    { kind: 'p', text: 'Done.' },
  ]);
});
