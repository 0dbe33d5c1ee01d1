// Tests of what addresses mean.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOME, href, parse, type Route } from './routes';

test('every route comes back from its own address', () => {
  const routes: Route[] = [
    { view: 'inbox', list: 'mine' },
    { view: 'inbox', list: 'closed' },
    { view: 'conversation', id: '0197-a/b c' },
    { view: 'conversation', id: 'x', seq: 12 },
    { view: 'questions', status: 'open' },
    { view: 'questions', status: 'closed' },
    { view: 'suggestions' },
  ];
  for (const route of routes) assert.deepEqual(parse(href(route)), route);
});

test('an address that means nothing is the list of those who wait', () => {
  for (const hash of ['', '#', '#/', '#/inbox', '#/inbox/theirs', '#/conversation', '#/%E0%A4%A', '#/nowhere/at/all'])
    assert.deepEqual(parse(hash), HOME);
});

test('a position that is not a number is left out', () => {
  assert.deepEqual(parse('#/conversation/x/first'), { view: 'conversation', id: 'x' });
  assert.deepEqual(parse('#/conversation/x/-1'), { view: 'conversation', id: 'x' });
});
