// What pages do around the chat: swap their body, bring the tag in other forms, listen to every key, take drops.
import assert from 'node:assert/strict';
import { chatOn } from './people.mjs';
import { openShop, pageWith } from './shop.mjs';

/** Ways in which frameworks put another page in place of this one. */
const SWAPS = {
  'the body is replaced': () => {
    const body = document.createElement('body');
    body.innerHTML = '<h1>Next</h1>';
    document.body.replaceWith(body);
  },
  'the body is replaced by a copy from before': () => {
    window.copy ??= document.body.cloneNode(true);
    document.body = copy.cloneNode(true);
  },
  'what is in the body is replaced': () => void (document.body.innerHTML = '<h1>Next</h1>'),
  'the body goes, and comes a moment later': async () => {
    document.body.remove();
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
    document.documentElement.append(document.createElement('body'));
  },
  'what the page does not know is taken out': () => document.querySelectorAll('html > :not(head, body), body > :not(main)').forEach((it) => it.remove()),
  'the whole document is replaced': () => {
    const root = document.documentElement.cloneNode(false);
    root.append(document.createElement('head'), document.createElement('body'));
    document.documentElement.replaceWith(root);
  },
  'the document is opened anew': () => {
    document.open();
    document.write('<!doctype html><title>Next</title><h1>Next</h1>');
    document.close();
  },
};

const bundled = (server) => `(async () => { const code = await (await fetch('${server.url}/w.js')).text(); const tag = document.createElement('script'); tag.textContent = code; document.head.append(tag); })()`;

export default async function surroundings(test) {
  async function visit({ server, shopPort, open, after }, { page = {}, options, before, pages } = {}) {
    const icon = '<link rel="icon" href="data:,">';
    const shop = await openShop(shopPort, { '/': { html: pageWith(server, { ...page, head: icon + (page.head ?? '') }) }, ...pages });
    after(() => shop.close());
    const context = await open(options);
    await before?.(context);
    const tab = await context.newPage();
    tab.said = [];
    tab.on('console', (message) => tab.said.push(message.text()));
    await tab.goto(shop.url);
    return { chat: chatOn(tab), tab, context };
  }

  for (const [what, swap] of Object.entries(SWAPS)) {
    await test(`where ${what}, one launcher stands again and the talk goes on`, async (play) => {
      const { chat, tab } = await visit(play);
      await chat.open();
      await chat.say('how can I pay?');
      await chat.bot.nth(1).waitFor();
      await chat.field.fill('half a sen');
      for (let page = 0; page < 3; page++) {
        await tab.evaluate(swap);
        await chat.panel.waitFor();
      }
      assert.equal(await chat.host.count(), 1);
      await tab.waitForFunction(() => document.querySelector('body ~ plainbill-chat'));
      assert.equal(await chat.field.inputValue(), 'half a sen');
      const end = await chat.log.evaluate((it) => it.scrollHeight - it.clientHeight - it.scrollTop);
      assert.ok(end < 2, 'the log stands at its end');
      await chat.field.press('Enter');
      await chat.customer.filter({ hasText: 'half a sen' }).waitFor();
      await tab.keyboard.press('Escape');
      await chat.panel.waitFor({ state: 'hidden' });
      await tab.evaluate(swap);
      await tab.evaluate(() => plainbill('open'));
      await chat.panel.waitFor();
    });
  }

  await test('a launcher that was never used stands again too, and opens', async (play) => {
    const { chat, tab } = await visit(play);
    await chat.launcher.waitFor();
    await tab.evaluate(SWAPS['the body is replaced']);
    await chat.launcher.waitFor();
    await tab.evaluate(() => plainbill('open'));
    await chat.bot.first().waitFor();
  });

  await test('a page that takes the chat away each time is not stopped by it', async (play) => {
    const { tab } = await visit(play);
    await chatOn(tab).launcher.waitFor();
    const n = await tab.evaluate(async () => {
      let n = 0;
      new MutationObserver(() => document.querySelectorAll('plainbill-chat').forEach((it) => (n++, it.remove()))).observe(document.documentElement, { childList: true });
      document.querySelector('plainbill-chat').remove();
      for (let frame = 0; frame < 10; frame++) await new Promise(requestAnimationFrame);
      return n;
    });
    assert.ok(n <= 12, `${n} times in ten frames`);
  });

  for (const [what, tag] of [
    ['a module', (url) => `<script type="module" src="${url}/w.js" data-label="Ask us"></script>`],
    ['a module, where the page has other scripts of that name', (url) => `<script type="module" src="/js/w.js"></script><script type="module" src="${url}/w.js"></script><script src="/js/w.js"></script>`],
    ['deferred', (url) => `<script defer src="${url}/w.js?v=2" data-label="Ask us"></script>`],
    ['brought by another script', (url) => `<script>document.head.append(Object.assign(document.createElement('script'), { src: '${url}/w.js' }))</script>`],
  ]) {
    await test(`the tag works ${what}`, async (play) => {
      const { chat } = await visit(play, { page: { tag: tag(play.server.url) }, pages: { '/js/w.js': { script: '0' } } });
      await chat.open();
    });
  }

  const stub = 'function () { (plainbill.q = plainbill.q || []).push(arguments) }';
  for (const [how, declared] of [
    ['as a property', `window.plainbill = ${stub}`],
    ['with var', `var plainbill = ${stub}`],
    ['as a function', stub.replace('function', 'function plainbill')],
    ['strictly', `'use strict'; window.plainbill = ${stub}`],
  ]) {
    await test(`a page that runs its stub again is heard: declared ${how}`, async (play) => {
      const { chat, tab } = await visit(play, { page: { head: `<script>${declared}; plainbill('open')</script>` } });
      await chat.panel.waitFor();
      await tab.addScriptTag({ content: `${declared}; plainbill('close')` });
      await chat.panel.waitFor({ state: 'hidden' });
      await tab.evaluate(() => plainbill('open'));
      await chat.panel.waitFor();
    });
  }

  await test('a stub that can’t be replaced is heard, before and after the script has come', async (play) => {
    const { chat, tab } = await visit(play, { page: { head: `<script>const plainbill = ${stub}; plainbill('open')</script>` } });
    await chat.panel.waitFor();
    for (const [call, state] of [['close', 'hidden'], ['open', 'visible']]) {
      await tab.addScriptTag({ content: `plainbill('${call}')` });
      await chat.panel.waitFor({ state });
    }
  });

  await test('a body that is moved moves no launcher', async (play) => {
    const { chat, tab } = await visit(play, { page: { head: '<style>body { transform: scale(1); height: 3000px }</style>' } });
    const { y, height } = await chat.launcher.boundingBox();
    assert.equal(Math.round(y + height), tab.viewportSize().height - 20);
  });

  await test('the launcher keeps the focus when the panel has come', async (play) => {
    const { chat, tab } = await visit(play);
    await chat.launcher.focus();
    await chat.host.locator('.panel').waitFor({ state: 'attached' });
    await tab.keyboard.press('Enter');
    await chat.bot.first().waitFor();
  });

  await test('while the panel is on its way the launcher says so, once', async (play) => {
    let arrive;
    const arrives = new Promise((resolve) => (arrive = resolve));
    const before = (context) => context.route(/panel\.js/, (route) => arrives.then(() => route.fallback()));
    const { chat } = await visit(play, { before });
    const states = () => chat.launcher.evaluate((it) => [it.ariaBusy, it.ariaExpanded]);
    assert.deepEqual(await states(), ['false', 'false']);
    for (let taps = 0; taps < 2; taps++) {
      await chat.launcher.click();
      assert.deepEqual(await states(), ['true', 'true']);
    }
    arrive();
    await chat.bot.first().waitFor();
    assert.deepEqual(await states(), ['false', 'true']);
  });

  await test('what is pasted, scrolled and focused in the chat is nobody else’s', async (play) => {
    const head = `<script>
      for (const type of ['paste', 'copy', 'drop']) document.addEventListener(type, (event) => event.preventDefault());
      for (const type of ['wheel', 'touchmove']) addEventListener(type, (event) => event.preventDefault(), { passive: false });
      addEventListener('DOMContentLoaded', () => document.body.append(document.createElement('input')));
      document.addEventListener('focusin', ({ target }) => target.closest('input') ?? document.querySelector('input').focus());
    </script>`;
    const { chat, tab } = await visit(play, { page: { head } });
    await chat.open();
    const goesOn = (type) => chat.field.evaluate((field, type) => field.dispatchEvent(new Event(type, { bubbles: true, composed: true, cancelable: true })), type);
    for (const type of ['paste', 'copy', 'drop', 'wheel', 'touchmove']) assert.equal(await goesOn(type), true, type);
    await chat.field.click();
    await tab.keyboard.type('mine');
    assert.equal(await chat.field.inputValue(), 'mine');
  });

  /** Ways in which libraries keep the focus in a modal of the page. */
  const TRAPS = {
    'by what is focused, as it begins': `
      for (const type of ['focus', 'focusin']) document.addEventListener(type, ({ target }) => modal.contains(target) || inside.focus(), true);`,
    'by what is left': `
      document.addEventListener('focusout', ({ relatedTarget }) => relatedTarget && !modal.contains(relatedTarget) && inside.focus());`,
    'by what is pressed and tapped': `
      for (const type of ['pointerdown', 'mousedown', 'touchstart', 'click'])
        document.addEventListener(type, (event) => modal.contains(event.target) || (event.preventDefault(), event.stopImmediatePropagation()), { capture: true, passive: false });`,
  };
  for (const [how, trap] of Object.entries(TRAPS)) {
    await test(`where the page keeps the focus in a modal ${how}, the chat is written and tapped in`, async (play) => {
      const { chat, tab } = await visit(play);
      await chat.open();
      await tab.evaluate((trap) => {
        document.body.insertAdjacentHTML('beforeend', '<div id="modal" role="dialog"><input id="inside"></div>');
        const script = document.createElement('script');
        script.textContent = trap;
        document.body.append(script);
        document.querySelector('#inside').focus();
      }, trap);
      await chat.field.click();
      await tab.keyboard.type('how can I pay?');
      assert.equal(await chat.field.inputValue(), 'how can I pay?');
      await chat.tap('Send');
      await chat.bot.nth(1).waitFor();
      await chat.tap('Close the chat');
      await chat.panel.waitFor({ state: 'hidden' });
      await tab.locator('#inside').click();
      await tab.keyboard.type('the page’s');
      assert.equal(await tab.locator('#inside').inputValue(), 'the page’s');
      await chat.launcher.click();
      await chat.panel.waitFor();
      await tab.keyboard.type('mine');
      assert.equal(await chat.field.inputValue(), 'mine');
    });
  }

  await test('a chat that is opened behind a modal <dialog> says so in the console, and is there when that is closed', async (play) => {
    const { chat, tab } = await visit(play);
    await chat.launcher.waitFor();
    await tab.evaluate(() => {
      document.body.insertAdjacentHTML('beforeend', '<dialog><button>Done</button></dialog>');
      document.querySelector('dialog').showModal();
      plainbill('open');
    });
    await chat.bot.first().waitFor();
    assert.ok(tab.said.some((text) => text.startsWith('plainbill: the page’s modal <dialog>')), tab.said.join('\n'));
    await tab.evaluate(() => document.querySelector('dialog').close());
    await chat.say('how can I pay?');
    await chat.bot.nth(1).waitFor();
  });

  await test('a page that is translated hears the same line once', async (play) => {
    const { chat, context } = await visit(play);
    await chat.open();
    await context.setOffline(true);
    const line = chat.panel.locator('[aria-live=polite] p').filter({ hasText: 'You’re offline.' });
    await line.waitFor({ state: 'attached' });
    await chat.strip.evaluate((strip) => {
      strip.textContent = 'Sie sind offline.';
      dispatchEvent(new Event('offline'));
    });
    assert.equal(await line.count(), 1);
  });

  for (const [what, tag] of [
    ['as an import', ({ url }) => `<script type="module">await import('${url}/w.js')</script>`],
    ['inline', (server) => `<script>${bundled(server)}</script>`],
    ['as a part of another module', () => '<script type="module" src="/bundle.js"></script>'],
  ]) {
    await test(`the script ${what} says in the console what it needs, and breaks nothing`, async (play) => {
      const code = await (await fetch(`${play.server.url}/w.js`)).text();
      const before = async (context) => {
        await context.route(/\/w\.js/, (route) => route.fulfill({ body: code, contentType: 'text/javascript', headers: { 'Access-Control-Allow-Origin': '*' } }));
      };
      const { tab } = await visit(play, { page: { tag: tag(play.server) }, before, pages: { '/bundle.js': { script: code } }, options: { expected: /plainbill: no <script/ } });
      if (!tab.said.some((text) => /no <script src=/.test(text))) await tab.waitForEvent('console', (message) => /no <script src=/.test(message.text()));
    });
  }

  await test('keys pressed in the chat are nobody else’s, however the page listens', async (play) => {
    const head = `<script>
      window.heard = [];
      const hear = (event) => {
        heard.push(event.key);
        if (/^[/s?g]$/.test(event.key) && !/input|textarea/i.test(event.target.tagName)) event.preventDefault();
      };
      for (const type of ['keydown', 'keypress', 'keyup']) {
        document.addEventListener(type, hear);
        document.addEventListener(type, hear, true);
        addEventListener(type, hear);
      }
    </script>`;
    const { chat, tab } = await visit(play, { page: { head } });
    await chat.open();
    await tab.evaluate(() => (heard.length = 0));
    await chat.field.pressSequentially('is this/news?');
    assert.equal(await chat.field.inputValue(), 'is this/news?');
    await chat.field.press('Enter');
    await chat.customer.filter({ hasText: 'is this/news?' }).waitFor();
    await chat.field.press('Escape');
    await chat.panel.waitFor({ state: 'hidden' });
    assert.deepEqual(await tab.evaluate(() => heard), []);
    await tab.keyboard.press('g');
    assert.ok((await tab.evaluate(() => heard)).includes('g'), 'outside of the open chat the page has its keys');
  });

  await test('Enter that ends a word of an input method does not send, nor does Escape close', async (play) => {
    const { chat, tab } = await visit(play);
    await chat.open();
    await chat.field.fill('にほん');
    await chat.field.evaluate((field) => {
      const press = (key, more) => field.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, composed: true, cancelable: true, ...more }));
      press('Enter', { keyCode: 229 });
      press('Enter', { isComposing: true });
      press('Escape', { isComposing: true });
    });
    assert.deepEqual([await chat.field.inputValue(), await chat.said()], ['にほん', []]);
    await chat.field.press('Enter');
    await chat.customer.filter({ hasText: 'にほん' }).waitFor();
    await tab.close();
  });

  await test('a picture that is pasted or dropped is answered plainly, and the page stays', async (play) => {
    const { chat, tab } = await visit(play);
    await chat.open();
    const bring = (type, { text = '', file = true } = {}) =>
      chat.field.evaluate(
        (field, { type, text, file }) => {
          const brought = new DataTransfer();
          if (file) brought.items.add(new File(['x'], 'bill.png', { type: 'image/png' }));
          if (text) brought.setData('text/plain', text);
          if (text && file) brought.setData('text/html', `<td>${text}</td>`);
          const made = { bubbles: true, composed: true, cancelable: true };
          const event = type === 'paste' ? new ClipboardEvent(type, { ...made, clipboardData: brought }) : new DragEvent(type, { ...made, dataTransfer: brought });
          return field.dispatchEvent(event);
        },
        { type, text, file },
      );
    const said = chat.panel.getByRole('alert').filter({ hasText: 'Pictures and files can’t be sent here yet.' });
    for (const type of ['paste', 'drop']) {
      assert.equal(await bring(type), false, `${type} does nothing else`);
      await said.waitFor();
      await chat.field.pressSequentially('x');
      await said.waitFor({ state: 'detached' });
    }
    assert.equal(await bring('dragover'), false);
    assert.equal(await bring('paste', { text: 'a cell of a table' }), true, 'text is pasted, whatever picture of it comes along');
    assert.equal(await bring('drop', { file: false, text: 'some words' }), true);
    await chat.field.press('Enter');
    await chat.customer.filter({ hasText: 'xx' }).waitFor();
    await tab.close();
  });

  for (const attributes of ['', 'data-locale="en_GB"', 'data-locale=""']) {
    await test(`a language that is none harms nothing: a browser in C${attributes && `, the tag with ${attributes}`}`, async (play) => {
      const before = (context) =>
        context.addInitScript(() => {
          Object.defineProperty(navigator, 'language', { value: 'C' });
          Object.defineProperty(navigator, 'languages', { value: ['C', 'en-US@posix'] });
        });
      const { chat } = await visit(play, { page: { attributes }, before });
      await chat.open();
      await chat.say('how can I pay?');
      await chat.bot.nth(1).waitFor();
      await chat.menu('Get a transcript');
    });
  }

  await test('half an emoji, in the title or in a message, ends nothing', async (play) => {
    const head = '<script>addEventListener("DOMContentLoaded", () => (document.title = "Sale \\ud83d"))</script>';
    const { chat, tab } = await visit(play, { page: { head } });
    await chat.open();
    await tab.evaluate(() => plainbill('send', 'how can I pay? \ud83d'));
    await chat.bot.nth(1).waitFor();
    assert.deepEqual(await chat.said(), ['how can I pay? \ufffd']);
  });
}
