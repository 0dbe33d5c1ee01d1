// What waits for the server.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { acked, change, expired, type Outbox, PATIENCE_S, passes, put, toSend, without } from '../widget/outbox';

const said = (key: string, since = 0, outbox: Outbox = []) =>
  put(outbox, { type: 'say', key, text: 'hello' }, since, 'hello');
const rated = (key: string, outbox: Outbox = []) => put(outbox, { type: 'rate', key, about: 1, score: 1 }, 0);
const keys = (outbox: Outbox) => outbox.map(({ frame }) => frame.key);

test('frames are sent in the order in which they were made', () => {
  assert.deepEqual(
    toSend(said('b', 0, said('a'))).map(({ key }) => key),
    ['a', 'b'],
  );
});

test('words stay until the log has them, an ack alone settles a rating', () => {
  assert.deepEqual(keys(acked(said('a'), 'a')), ['a']);
  assert.deepEqual(keys(without(said('a'), 'a')), []);
  assert.deepEqual(keys(acked(rated('r', said('a')), 'r')), ['a']);
});

test('an ack of something else changes nothing', () => {
  assert.deepEqual(keys(acked(rated('r'), 'other')), ['r']);
});

test('what failed is not sent again until the customer wants it', () => {
  const failed = change(said('a'), 'a', { state: 'failed', reason: 'Not on offer.' });
  assert.deepEqual(toSend(failed), []);
  const again = change(failed, 'a', { state: 'sending', since: 9 });
  assert.deepEqual(
    toSend(again).map(({ key }) => key),
    ['a'],
  );
});

test('after ten minutes without an answer the customer is told', () => {
  const outbox = said('new', 5, said('old', 0));
  assert.equal(expired(outbox, PATIENCE_S - 1), outbox);
  assert.deepEqual(
    expired(outbox, PATIENCE_S).map(({ state }) => state),
    ['failed', 'sending'],
  );
});

test('entries have an order of their own, also where the clock goes back', () => {
  const now = mock.method(Date, 'now', () => 5_000);
  const first = said('a');
  now.mock.mockImplementation(() => 1_000);
  const [one, other] = said('b', 0, first);
  assert.ok(one!.at < other!.at);
  now.mock.restore();
});

test('errors that pass are told from those that stay', () => {
  assert.deepEqual(
    ['unavailable', 'busy', 'rate_limited'].map((code) => passes(code as never)),
    [true, true, true],
  );
  assert.deepEqual(
    ['not_offered', 'empty', 'too_large', 'malformed', 'conflict'].map((code) => passes(code as never)),
    [false, false, false, false, false],
  );
});
