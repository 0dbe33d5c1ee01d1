// Tests of times, waits and names in words.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ago, intentWords, percent, words } from './words';

test('a wait is said in the largest unit that fits', () => {
  assert.deepEqual([-5, 41_000, 60_000, 11 * 60_000, 125 * 60_000, 50 * 3_600_000].map(words.waitFor), [
    '0 s',
    '41 s',
    '1 min',
    '11 min',
    '2 h 5 min',
    '2 days',
  ]);
});

test('what has just happened is just now', () => {
  assert.equal(ago(1_000, 30_000), 'just now');
  assert.equal(ago(0, 4 * 60_000), '4 min ago');
});

test('an intent is shown as words and its share as a whole number', () => {
  assert.equal(intentWords('explain_bill_increase'), 'Explain bill increase');
  assert.deepEqual([0.934, 1.2, -1].map(percent), ['93 %', '100 %', '0 %']);
});
