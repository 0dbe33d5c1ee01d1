// Tests of which command a key means.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Keys, type Press } from './shortcuts';

const press = (key: string, change: Partial<Press> = {}): Press => ({
  key,
  at: 0,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  writing: false,
  ...change,
});

test('a letter is a command', () => {
  const keys = new Keys();
  assert.equal(keys.read(press('j')), 'next');
  assert.equal(keys.read(press('b')), 'give');
  assert.equal(keys.read(press('?')), 'keys');
  assert.equal(keys.read(press('x')), undefined);
});

test('a letter means nothing while somebody writes or holds a modifier', () => {
  const keys = new Keys();
  assert.equal(keys.read(press('a', { writing: true })), undefined);
  assert.equal(keys.read(press('a', { ctrlKey: true })), undefined);
  assert.equal(keys.read(press('r', { metaKey: true })), undefined);
});

test('g and a letter go to a place, if the letter comes soon', () => {
  const keys = new Keys();
  assert.equal(keys.read(press('g', { at: 0 })), undefined);
  assert.equal(keys.read(press('q', { at: 900 })), 'questions');
  keys.read(press('g', { at: 10_000 }));
  assert.equal(keys.read(press('i', { at: 12_000 })), undefined);
});

test('a g is used up by the next key, whatever it is', () => {
  const keys = new Keys();
  keys.read(press('g'));
  assert.equal(keys.read(press('a')), undefined);
  assert.equal(keys.read(press('a')), 'take');
});
