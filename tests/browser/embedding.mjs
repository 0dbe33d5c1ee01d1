// The chat on other people's pages: strict policies, hostile styles, right to left, and nothing kept unasked.
import assert from 'node:assert/strict';
import { chatOn, TINY } from './people.mjs';
import { openShop, pageWith } from './shop.mjs';

const strict = (server) =>
  `default-src 'none'; script-src 'nonce-r4nd0m'; style-src 'self'; connect-src ${server.url} ${server.url.replace('http', 'ws')}; ` +
  "require-trusted-types-for 'script'; trusted-types 'none'; base-uri 'none'; form-action 'none'";

/** What the browser keeps for the page's origin. */
const kept = (page) => page.evaluate(() => [...Object.keys(localStorage), ...Object.keys(sessionStorage), ...(document.cookie ? [document.cookie] : [])]);

export default async function embedding(test) {
  /** Opens a page of a shop with the chat on it. */
  async function visit({ server, shopPort, open, after }, page, { port = shopPort, options, before } = {}) {
    const shop = await openShop(port, { '/': page, '/hostile.css': { css: hostile } });
    after(() => shop.close());
    const context = await open(options);
    await before?.(context);
    const tab = await context.newPage();
    const asked = [];
    tab.on('request', (request) => request.url().startsWith(server.url) && asked.push(new URL(request.url()).pathname));
    await tab.goto(shop.url);
    await chatOn(tab).launcher.waitFor();
    return { chat: chatOn(tab), tab, context, asked };
  }

  await test('under a strict policy on another site the chat works without one violation, and keeps nothing before the first message', async (play) => {
    const { server } = play;
    const html = pageWith(server, { attributes: 'nonce="r4nd0m"', head: '<link rel="icon" href="data:,">' });
    const { chat, tab, context, asked } = await visit(play, { html, headers: { 'Content-Security-Policy': `${strict(server)}; img-src data:` } });
    await tab.waitForLoadState('networkidle');
    assert.deepEqual(asked, ['/w.js'], 'closed, the chat costs one request');
    assert.deepEqual(await kept(tab), []);
    await chat.open();
    assert.deepEqual(await kept(tab), []);
    await chat.say('when is it due?');
    await chat.bot.nth(1).waitFor();
    assert.deepEqual(await kept(tab), ['plainbill']);
    assert.deepEqual(await context.cookies(), []);
    await chat.menu('Get a transcript');
  });

  await test('on another site where WebSockets are blocked, the conversation goes by requests', async (play) => {
    const before = (context) => context.routeWebSocket(/\/v1\/chat/, (socket) => socket.close());
    const { chat } = await visit(play, { html: pageWith(play.server) }, { before });
    await chat.open();
    await chat.say('how can I pay?');
    await chat.bot.nth(1).waitFor();
  });

  await test('on a site that may not embed it, the chat says that there is no connection, and nothing breaks', async (play) => {
    const { chat, tab } = await visit(play, { html: pageWith(play.server) }, { port: 0, options: { expected: /CORS policy/ } });
    await chat.launcher.click();
    await chat.strip.filter({ hasText: 'No connection just now' }).waitFor();
    await chat.say('hello?');
    await chat.customer.getByText('Sending …').waitFor();
    await tab.keyboard.press('Escape');
    await chat.panel.waitFor({ state: 'hidden' });
  });

  await test('the tag may stand twice, calls made before it arrives are kept, and the launcher moves nothing on the page', async (play) => {
    const head = `<script>
      window.plainbill ||= (...words) => (plainbill.q ||= []).push(words);
      window.heard = [];
      plainbill('on', 'open', () => heard.push('open'));
      plainbill('on', 'message', ({ text }) => heard.push(text));
      window.shift = 0;
      new PerformanceObserver((list) => list.getEntries().forEach((it) => (shift += it.value))).observe({ type: 'layout-shift', buffered: true });
    </script><script src="${play.server.url}/w.js"></script>`;
    const { chat, tab } = await visit(play, { html: pageWith(play.server, { head }) });
    assert.ok((await tab.evaluate(() => shift)) < 0.001, 'nothing moves');
    await tab.evaluate(() => {
      plainbill('open');
      plainbill('send', 'how can I pay?');
    });
    await chat.bot.nth(1).waitFor();
    assert.equal(await chat.host.count(), 1);
    assert.deepEqual((await tab.evaluate(() => heard)).slice(0, 2), ['open', 'how can I pay?']);
  });

  await test('a hostile style sheet does not reach into the chat', async (play) => {
    const { chat } = await visit(play, { html: pageWith(play.server, { head: '<link rel="stylesheet" href="/hostile.css">' }) });
    await chat.open();
    const looks = await chat.panel.locator('.send').evaluate((it) => [getComputedStyle(it).backgroundColor, getComputedStyle(it).fontSize]);
    assert.ok(!looks.includes('rgb(255, 0, 0)') && !looks.includes('40px'), looks.join());
  });

  await test('on a page that is written from right to left the chat is too, and stands at the other side', async (play) => {
    const { chat, tab } = await visit(play, { html: pageWith(play.server, { html: 'lang="ar" dir="rtl"' }) }, { options: { reducedMotion: 'reduce' } });
    await chat.open();
    await chat.say('كم يجب أن أدفع؟');
    await chat.bot.nth(1).waitFor();
    const { width } = tab.viewportSize();
    const launcher = await chat.launcher.boundingBox();
    const panel = await chat.panel.boundingBox();
    assert.ok(launcher.x < width / 2 && panel.x < width / 2, 'at the left');
    assert.equal(await chat.panel.evaluate((it) => getComputedStyle(it).direction), 'rtl');
    const [bot, customer] = [await chat.bot.last().locator('.bubble').boundingBox(), await chat.customer.locator('.bubble').boundingBox()];
    assert.ok(customer.x < bot.x + bot.width && customer.x <= bot.x, 'the customer’s words stand at the left');
    assert.equal(await chat.panel.evaluate((it) => it.getAnimations({ subtree: true }).filter((one) => one.playState === 'running').length), 0, 'nothing moves');
  });

  await test('on a small screen the chat fills it, and Tab stays inside', async (play) => {
    const { chat, tab } = await visit(play, { html: pageWith(play.server) }, { options: { viewport: TINY } });
    await chat.open();
    const box = await chat.panel.boundingBox();
    assert.deepEqual([Math.round(box.width), Math.round(box.height)], [TINY.width, TINY.height]);
    for (let presses = 0; presses < 12; presses++) {
      await tab.keyboard.press('Tab');
      assert.ok(await chat.host.evaluate((host) => host.shadowRoot.activeElement?.closest('.panel')), 'inside');
    }
  });
}

const hostile = `
  * { box-sizing: content-box !important; letter-spacing: 4px !important; }
  button { background: red !important; font-size: 40px !important; }
  svg { fill: red !important; }
  p { margin: 99px !important; }
`;
