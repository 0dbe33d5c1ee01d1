// Who the customer is follows from the page's word alone: a page that is slow, or cannot say, opens nobody's account.
import assert from 'node:assert/strict';
import { WHY } from './asking.mjs';
import { chatOn } from './people.mjs';
import { openShop, pageWith } from './shop.mjs';

const FIGURE = '£12.00 more than';

/** A token of the demo's for this customer. */
async function tokenOf({ url }, id = 'one-off-fee') {
  const answer = await fetch(`${url}/demo/token`, { headers: { cookie: `plainbill_demo=${id}` } });
  return (await answer.json()).token;
}

const vouching = (token) => (response) => response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ token }));
const signIn = (response) => response.setHeader('Content-Type', 'text/html').end('<!doctype html><h1>Sign in</h1>');
const empty = (response) => response.setHeader('Content-Type', 'application/json').end('{}');
const nothing = (response) => response.writeHead(204).end();
const down = (response) => response.writeHead(503).end();

export default async function proof(test) {
  /** A shop whose token page answers as `says.now` does. */
  async function visit({ server, shopPort, open, after }, says) {
    const html = pageWith(server, { attributes: 'data-identity-url="/token"', head: '<link rel="icon" href="data:,">' });
    const shop = await openShop(shopPort, { '/': { html }, '/token': (response) => says.now(response) });
    after(() => shop.close());
    const page = await (await open()).newPage();
    await page.goto(shop.url);
    return chatOn(page);
  }

  await test('a page that answers with a sign-in page, or with nothing, closes the account on it until it vouches again', async (play) => {
    const vouches = vouching(await tokenOf(play.server));
    const says = { now: vouches };
    const chat = await visit(play, says);
    await chat.open();
    await chat.say(WHY, FIGURE);
    for (const answer of [signIn, empty, nothing, down]) {
      says.now = answer;
      await chat.page.reload();
      await chat.launcher.click();
      await chat.strip.filter({ hasText: 'Your earlier chat comes back once you’re signed in.' }).waitFor();
      await chat.bot.first().waitFor();
      assert.ok(!(await chat.panel.innerText()).includes('£'), 'no figure is left');
      assert.deepEqual(await chat.said(), []);
      assert.ok(!(await chat.panel.getByRole('button', { name: 'New messages' }).isVisible()));
    }
    await chat.say(WHY);
    await chat.bot.nth(1).waitFor();
    assert.ok(!(await chat.panel.innerText()).includes('£'), 'and no new one comes');
    says.now = vouches;
    await chat.page.evaluate(() => dispatchEvent(new Event('online')));
    await chat.strip.filter({ hasNotText: /./ }).waitFor({ state: 'attached' });
    await chat.say('when is it due?');
    await chat.bot.filter({ hasText: /£|due/ }).last().waitFor();
  });

  await test('an account that was closed comes back with what was said, and for nobody else', async (play) => {
    const says = { now: vouching(await tokenOf(play.server)) };
    const chat = await visit(play, says);
    await chat.open();
    await chat.say(WHY, FIGURE);
    for (const [answer, isBack] of [[vouching(await tokenOf(play.server)), true], [vouching(await tokenOf(play.server, 'price-rise')), false]]) {
      says.now = signIn;
      await chat.page.reload();
      await chat.launcher.click();
      await chat.bot.first().waitFor();
      says.now = answer;
      await chat.page.evaluate(() => dispatchEvent(new Event('online')));
      if (isBack) await chat.hear(FIGURE);
      await chat.strip.filter({ hasNotText: /./ }).waitFor({ state: 'attached' });
      assert.equal((await chat.panel.innerText()).includes(FIGURE), isBack);
    }
  });

  await test('a slow token page keeps nobody waiting: they are a visitor first, and known when it has answered', async (play) => {
    let held;
    const says = { now: (response) => (held = response) };
    const chat = await visit(play, says);
    await chat.open();
    await chat.strip.filter({ hasNotText: /./ }).waitFor({ state: 'attached' });
    await chat.say('how can I pay?');
    await chat.bot.nth(1).waitFor();
    vouching(await tokenOf(play.server))(held);
    await chat.page.waitForResponse(/\/token/).catch(() => {});
    await chat.say(WHY, FIGURE);
  });
}
