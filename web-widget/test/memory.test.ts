// What is stored, also where two tabs share the storage.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { makeMemory } from '../widget/memory';
import { change, type Outbox, put, without } from '../widget/outbox';

let storage: Record<string, unknown>;

/** A storage as browsers have them: what is kept are its properties. */
function makeStorage() {
  const made = {} as Record<string, unknown>;
  Object.defineProperty(made, 'removeItem', { value: (name: string) => delete made[name], enumerable: false });
  return made;
}

const said = (key: string, outbox: Outbox = []) => put(outbox, { type: 'say', key, text: key }, 0, key);
const keys = (outbox: Outbox = []) => outbox.map(({ frame }) => frame.key);

beforeEach(() => {
  storage = makeStorage();
  Object.assign(globalThis, { localStorage: storage, sessionStorage: makeStorage() });
});

test('what two tabs write without a network is all there afterwards, in its order', () => {
  const [one, other] = [makeMemory('local'), makeMemory('local')];
  one.recall();
  other.recall();
  const first = said('first');
  one.keep({ conversation: 'c1', outbox: first });
  other.keep({ conversation: 'c1', outbox: said('second', [{ ...first[0]!, at: 0 }]).slice(1) });
  one.keep({ conversation: 'c1', outbox: said('third', [{ ...first[0]!, at: first[0]!.at + 10 }]) });
  assert.deepEqual(keys(makeMemory('local').recall().outbox).sort(), ['first', 'second', 'third']);
});

test('what one tab has sent is gone, and what the other has is not', () => {
  const [one, other] = [makeMemory('local'), makeMemory('local')];
  const mine = said('a');
  one.keep({ outbox: mine });
  other.keep({ outbox: said('b') });
  one.keep({ outbox: without(mine, 'a') });
  assert.deepEqual(keys(makeMemory('local').recall().outbox), ['b']);
});

test('a changed message is stored as it is now', () => {
  const memory = makeMemory('local');
  const outbox = said('a');
  memory.keep({ outbox });
  memory.keep({ outbox: change(outbox, 'a', { state: 'failed', reason: 'No.' }) });
  assert.equal(makeMemory('local').recall().outbox![0]!.reason, 'No.');
});

test('a tab writes over nothing that it has not changed itself', () => {
  const [one, other] = [makeMemory('local'), makeMemory('local')];
  one.keep({ conversation: 'c1', draft: '' });
  other.recall();
  one.keep({ conversation: 'c1', draft: 'half a sen' });
  other.keep({ conversation: 'c1', draft: '', read: 7 });
  assert.deepEqual(makeMemory('local').peek(), { conversation: 'c1', draft: 'half a sen', read: 7 });
});

test('forgetting leaves what another tab has begun with somebody else', () => {
  const [one, other] = [makeMemory('local'), makeMemory('local')];
  one.keep({ conversation: 'c1', outbox: said('a') });
  other.recall();
  other.forget();
  assert.deepEqual(Object.keys(storage), []);
  other.keep({ conversation: 'c2', outbox: said('b') });
  one.forget();
  assert.deepEqual(
    [makeMemory('local').recall().conversation, keys(makeMemory('local').recall().outbox)],
    ['c2', ['b']],
  );
});

test('one damaged entry harms no other', () => {
  makeMemory('local').keep({ conversation: 'c1', outbox: said('a') });
  storage['plainbill:x'] = '{"frame"';
  assert.deepEqual(keys(makeMemory('local').recall().outbox), ['a']);
  storage.plainbill = 'null';
  assert.deepEqual(keys(makeMemory('local').recall().outbox), ['a']);
});

test('a browser that refuses, or a page that does not want it, has nothing stored', () => {
  makeMemory('none').keep({ conversation: 'c1', outbox: said('a') });
  assert.deepEqual(Object.keys(storage), []);
  Object.defineProperty(globalThis, 'localStorage', {
    get() {
      throw new Error('denied');
    },
    configurable: true,
  });
  const memory = makeMemory('local');
  memory.keep({ conversation: 'c1' });
  assert.deepEqual(memory.recall(), { outbox: [] });
  memory.forget();
  Object.defineProperty(globalThis, 'localStorage', { value: undefined, configurable: true, writable: true });
});
