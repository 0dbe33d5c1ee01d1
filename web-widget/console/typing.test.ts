// Tests of telling the customer that somebody is typing.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { typingOf } from './typing';

function listening() {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const told: string[] = [];
  return { told, ...typingOf((conversation, on) => told.push(`${conversation} ${on ? 'on' : 'off'}`)) };
}

test('many keys are one word every three seconds, and a pause ends it', (t) => {
  t.after(() => mock.timers.reset());
  const { told, wrote } = listening();
  for (let second = 0; second < 4; second++) {
    wrote('a');
    mock.timers.tick(1000);
  }
  assert.deepEqual(told, ['a on', 'a on']);
  mock.timers.tick(4000);
  assert.deepEqual(told, ['a on', 'a on', 'a off']);
});

test('going on in another conversation ends it in the first', (t) => {
  t.after(() => mock.timers.reset());
  const { told, wrote, stop } = listening();
  wrote('a');
  wrote('b');
  stop('a');
  stop('b');
  assert.deepEqual(told, ['a on', 'a off', 'b on', 'b off']);
});
