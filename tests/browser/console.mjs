// The console tells what it knows and no more, on every network, for every person at the screen, and in every width.
import assert from 'node:assert/strict';
import { customerOn, deskOn, staffOn, TINY } from './people.mjs';

const PHONE_WITH_KEYBOARD = { width: 390, height: 430 };

/** Puts a switch between a page and the server's staff sockets: `cut` lets none be opened, `deaf` lets nothing through. */
async function cable(context) {
  const cable = { cut: false, deaf: false, open: [], opened: 0 };
  await context.routeWebSocket(/\/v1\/staff/, (socket) => {
    cable.opened++;
    if (cable.cut) return socket.close();
    const server = socket.connectToServer();
    const line = { isDeaf: false, close: () => (socket.close(), server.close()) };
    cable.open.push(line);
    socket.onMessage((message) => line.isDeaf || server.send(message));
    server.onMessage((message) => line.isDeaf || socket.send(message));
  });
  return cable;
}

const withoutSockets = (context) =>
  context.addInitScript(() => {
    window.WebSocket = class {
      constructor() {
        setTimeout(() => this.onclose?.({}));
      }
      send() {}
      close() {}
    };
  });

/** A customer who waits for a person. */
async function waiting(open, server, id) {
  const context = await open();
  const chat = await customerOn(context, server.url, id);
  await chat.open();
  await chat.tap('Talk to a person');
  await chat.strip.filter({ hasText: 'in line' }).waitFor();
  return { ...chat, context };
}

/** Nobody waits any more, whatever the tests before have left behind. */
async function nobodyWaits(server) {
  const { login, password } = server.staff();
  const headers = { origin: server.url, 'content-type': 'application/json' };
  const signedIn = await fetch(`${server.url}/api/v1/login`, { method: 'POST', headers, body: JSON.stringify({ login, password }) });
  headers.cookie = signedIn.headers.get('set-cookie').split(';')[0];
  for (const list of ['waiting', 'mine']) {
    const { conversations } = await (await fetch(`${server.url}/api/v1/conversations?list=${list}`, { headers })).json();
    for (const { id } of conversations) await fetch(`${server.url}/api/v1/conversations/${id}/close`, { method: 'POST', headers, body: '{}' });
  }
}

const live = (desk) => desk.page.getByText('Live', { exact: true });

export default async function consoles(run) {
  const test = (name, play) =>
    run(name, async (parts) => {
      await nobodyWaits(parts.server);
      await play(parts);
    });

  await test('a refresh that fails is no news: the console says what it does not know, and finds out', async ({ server, open }) => {
    const context = await open();
    const line = await cable(context);
    const desk = await staffOn(context, server.url, server.staff());
    await desk.page.getByText('Nobody is waiting').waitFor();
    line.cut = true;
    line.open.forEach((socket) => socket.close());
    await desk.page.locator('.status-line', { hasText: 'Not connected.' }).waitFor();
    assert.equal(await desk.page.getByText('Nobody is waiting').count(), 0);
    assert.match(await desk.page.title(), /^Not connected/);

    let failing = true;
    await context.route(/conversations\?list=waiting/, (route) => (failing ? route.fulfill({ status: 503, json: { code: 'unavailable', message: 'Not just now.' } }) : route.continue()));
    const chat = await waiting(open, server, 'one-off-fee');
    line.cut = false;
    await desk.page.evaluate(() => dispatchEvent(new Event('online')));
    await desk.page.locator('.status-line', { hasText: 'Something couldn’t be fetched.' }).waitFor();
    assert.equal(await desk.page.getByText('Nobody is waiting').count(), 0);
    assert.equal(await live(desk).count(), 0);
    failing = false;
    await desk.row(/Sam|one-off-fee/).waitFor();
    await live(desk).waitFor();
    await desk.page.waitForFunction(() => document.title.startsWith('(1) waiting'));
    assert.equal(await desk.page.locator('.status-line').count(), 0);
    await chat.context.close();
  });

  await test('a conversation that cannot be fetched after a drop is said to be old until it can', async ({ server, open }) => {
    const chat = await waiting(open, server, 'one-off-fee');
    const context = await open();
    const line = await cable(context);
    const desk = await staffOn(context, server.url, server.staff());
    await desk.row(/Sam|one-off-fee/).click();
    await desk.button('Take it').click();
    await desk.field.waitFor();
    let failing = true;
    await context.route(/conversations\/[^/]+$/, (route) => (failing ? route.fulfill({ status: 503, json: { code: 'unavailable', message: 'Not just now.' } }) : route.continue()));
    line.open.forEach((socket) => socket.close());
    await desk.page.locator('.status-line', { hasText: 'Something couldn’t be fetched.' }).waitFor();
    await chat.say('Are you there?');
    await desk.messages.filter({ hasText: 'Are you there?' }).waitFor();
    failing = false;
    await live(desk).waitFor();
    await desk.button('Close').click();
    await desk.page.getByText('This conversation is closed.').first().waitFor();
  });

  await test('where WebSockets are blocked, the console goes by requests', async ({ server, open }) => {
    const context = await open();
    await withoutSockets(context);
    const desk = await staffOn(context, server.url, server.staff());
    await desk.page.getByText('Nobody is waiting').waitFor();
    const chat = await waiting(open, server, 'one-off-fee');
    await desk.row(/Sam|one-off-fee/).click();
    await desk.button('Take it').click();
    await desk.reply('I read you.');
    await chat.staff.filter({ hasText: 'I read you.' }).waitFor();
    await chat.field.pressSequentially('And I');
    await desk.page.locator('.typing').waitFor();
    await chat.say('And I you.');
    await desk.messages.filter({ hasText: 'And I you.' }).waitFor();
    await chat.context.close();
    await desk.page.locator('.conversation .online', { hasText: 'Away' }).waitFor();
    await desk.button('Close').click();
    await desk.page.getByText('This conversation is closed.').first().waitFor();
  });

  await test('a customer who leaves is away, and one who comes back is online, without anything being said', async ({ server, open }) => {
    const desk = await staffOn(await open(), server.url, server.staff());
    const chat = await waiting(open, server, 'price-rise');
    const row = desk.row(/Robin|price-rise/);
    await row.locator('.online', { hasText: 'Online' }).waitFor();
    await chat.page.goto('about:blank');
    await row.locator('.online', { hasText: 'Away' }).waitFor();
    await chat.page.goto(`${server.url}/`);
    await chat.launcher.click();
    await row.locator('.online', { hasText: 'Online' }).waitFor();
  });

  await test('a page that wakes up with a dead line has a new one soon', async ({ server, open }) => {
    const context = await open();
    const line = await cable(context);
    const desk = await staffOn(context, server.url, server.staff());
    line.open.forEach((socket) => (socket.isDeaf = true));
    const opened = line.opened;
    const chat = await waiting(open, server, 'one-off-fee');
    const woke = Date.now();
    await desk.page.evaluate(() => document.dispatchEvent(new Event('resume')));
    await desk.row(/Sam|one-off-fee/).waitFor();
    await live(desk).waitFor();
    assert.ok(opened < line.opened);
    assert.ok(Date.now() - woke < 18_000, 'it asks at once rather than when the next heartbeat is due');
    await chat.context.close();
  });

  await test('a console that comes by plain http from another machine sends and gives', async ({ server, open }) => {
    const chat = await waiting(open, server, 'one-off-fee');
    const context = await open();
    // What browsers leave out there.
    await context.addInitScript(() => {
      delete Crypto.prototype.randomUUID;
      delete Crypto.prototype.subtle;
      delete Navigator.prototype.clipboard;
      delete Navigator.prototype.locks;
    });
    const desk = await staffOn(context, server.url, server.staff());
    await desk.row(/Sam|one-off-fee/).click();
    await desk.button('Take it').click();
    await desk.reply('It works here too.');
    await chat.staff.filter({ hasText: 'It works here too.' }).waitFor();
    await desk.button('Give something back').click();
    const dialog = desk.page.getByRole('dialog', { name: /^Give/ });
    await dialog.getByLabel('How much').fill('1.00');
    await dialog.getByLabel('Why').fill('The wait');
    await dialog.getByRole('button', { name: 'See what they’ll read' }).click();
    await dialog.getByRole('blockquote').or(dialog.locator('blockquote')).first().waitFor();
    await dialog.getByRole('button', { name: 'Change something' }).click();
    await dialog.getByRole('button', { name: 'Leave it' }).click();
    await desk.button('Close').click();
    await desk.page.getByText('This conversation is closed.').first().waitFor();
  });

  await test('an input method’s Enter chooses a word and sends nothing, and its Escape leaves the field alone', async ({ server, open }) => {
    await waiting(open, server, 'one-off-fee');
    const desk = await staffOn(await open(), server.url, server.staff());
    await desk.row(/Sam|one-off-fee/).click();
    await desk.button('Take it').click();
    await desk.field.fill('nihao');
    for (const key of ['Enter', 'Escape']) {
      await desk.field.evaluate((field, key) => field.dispatchEvent(new KeyboardEvent('keydown', { key, keyCode: 229, bubbles: true, cancelable: true })), key);
    }
    assert.equal(await desk.field.inputValue(), 'nihao');
    assert.ok(await desk.field.evaluate((field) => field === document.activeElement));
    await desk.reply('ni hao');
    await desk.button('Close').click();
    await desk.page.getByText('This conversation is closed.').first().waitFor();
  });

  await test('a page that is translated goes on living, and what customers wrote may be translated', async ({ server, open }) => {
    const desk = await staffOn(await open(), server.url, server.staff());
    assert.equal(await desk.page.evaluate(() => document.documentElement.translate), false);
    // One that doesn't mind what is not to be translated.
    await desk.page.evaluate(() => {
      const translate = () => {
        const walk = document.createTreeWalker(document.getElementById('console'), NodeFilter.SHOW_TEXT);
        const texts = [];
        while (walk.nextNode()) if (walk.currentNode.data.trim() && walk.currentNode.parentElement.tagName !== 'FONT') texts.push(walk.currentNode);
        for (const text of texts) {
          const font = document.createElement('font');
          font.textContent = `[${text.data}]`;
          text.replaceWith(font);
        }
      };
      translate();
      setInterval(translate, 50);
    });
    const chat = await waiting(open, server, 'one-off-fee');
    const badge = desk.page.locator('.rail .badge', { hasText: '1' });
    await badge.waitFor();
    const other = await waiting(open, server, 'price-rise');
    await desk.page.locator('.tabs .count', { hasText: '2' }).waitFor();
    const row = desk.row(/Sam|one-off-fee/);
    const wait = await row.locator('.wait').innerText();
    await desk.page.waitForFunction(([before]) => ![...document.querySelectorAll('.row .wait')].some((it) => it.innerText === before), [wait]);
    await row.click();
    await desk.page.locator('.instead button').click();
    await desk.field.waitFor();
    await chat.say('Ist da jemand?');
    const said = desk.messages.filter({ hasText: 'Ist da jemand?' });
    await said.waitFor();
    assert.equal(await said.locator('.typed').evaluate((text) => text.translate), true);
    await chat.say('Hallo?');
    await desk.messages.filter({ hasText: 'Hallo?' }).waitFor();
    await desk.page.reload();
    await desk.button('Close').click();
    await desk.page.getByText('This conversation is closed.').first().waitFor();
    await Promise.all([chat, other].map(({ context }) => context.close()));
  });

  await test('what somebody has written is there after a reload, and not for whoever signs in after them', async ({ server, open }) => {
    const priya = await server.addStaff('rita', 'Rita');
    const tom = await server.addStaff('tom', 'Tom');
    await waiting(open, server, 'one-off-fee');
    const context = await open();
    const desk = await staffOn(context, server.url, priya);
    await desk.row(/Sam|one-off-fee/).click();
    await desk.button('Take it').click();
    await desk.field.fill('Between us: Sam');
    await desk.page.reload();
    await desk.field.waitFor();
    assert.equal(await desk.field.inputValue(), 'Between us: Sam');

    // Signed out while a reply is on its way.
    await context.route(/\/reply$/, async (route) => {
      await context.clearCookies();
      await route.fulfill({ status: 401, json: { code: 'sign_in', message: 'Please sign in.' } });
    });
    await desk.button('Give something back').click();
    await desk.page.getByRole('dialog', { name: /^Give/ }).waitFor();
    await desk.page.keyboard.press('Escape');
    await desk.field.press('Enter');
    await desk.page.getByText('You’ve been signed out.').first().waitFor();
    await signIn(desk.page, tom);
    await live(desk).waitFor();
    await desk.page.getByText('Between us').waitFor({ state: 'detached' });
    assert.match(desk.page.url(), /#\/inbox\/waiting$/);
    assert.equal(await desk.page.evaluate(() => JSON.stringify(sessionStorage).includes('Between us')), false);
    assert.doesNotMatch(await desk.page.locator('body').innerText(), /Between us|Rita/);

    await context.clearCookies();
    await desk.page.reload();
    await signIn(desk.page, priya);
    await desk.list('Mine');
    await desk.row(/Sam|one-off-fee/).click();
    await desk.button('Close').click();
    await desk.page.getByText('This conversation is closed.').first().waitFor();
  });

  await test('when somebody else signs in in another tab, this one becomes theirs', async ({ server, open }) => {
    const ivy = await server.addStaff('ivy', 'Ivy');
    const context = await open();
    const desk = await staffOn(context, server.url, server.staff());
    await context.clearCookies();
    await staffOn(context, server.url, ivy);
    await desk.page.locator('.rail .foot .name', { hasText: 'Ivy' }).waitFor();
    await live(desk).waitFor();
  });

  await test('a wrong password is said to be wrong, and buttons that would be refused are not there', async ({ server, open }) => {
    const context = await open();
    const page = await context.newPage();
    await page.goto(`${server.url}/console`);
    await signIn(page, { login: 'admin', password: 'not this one' });
    await page.getByText('That name and password don’t go together.').waitFor();
    const uma = await server.addStaff('uma', 'Uma');
    await signIn(page, uma);
    await page.getByText('Live', { exact: true }).waitFor();
    const desk = deskOn(page);
    await desk.to('Questions');
    await page.getByRole('heading', { name: 'Questions' }).waitFor();
    assert.equal(await page.getByRole('button', { name: /^(Rename|Close it)/ }).count(), 0);
  });

  await test('who was quicker is named', async ({ server, open }) => {
    await waiting(open, server, 'one-off-fee');
    const alex = await staffOn(await open(), server.url, server.staff());
    const context = await open();
    const max = await staffOn(context, server.url, await server.addStaff('max', 'Max'));
    await alex.row(/Sam|one-off-fee/).click();
    await max.row(/Sam|one-off-fee/).click();
    await max.button('Take it').waitFor();
    // Max presses before hearing of it.
    await context.route(/\/take$/, async (route) => {
      await alex.button('Take it').click();
      await alex.field.waitFor();
      await route.continue();
    });
    await max.button('Take it').click();
    await max.page.locator('.notice', { hasText: 'Alex was quicker.' }).waitFor();
    await alex.button('Close').click();
    await alex.page.getByText('This conversation is closed.').first().waitFor();
  });

  await test('on every page new words on my desk show in the rail and in the title, beside those who wait', async ({ server, open }) => {
    const chat = await waiting(open, server, 'one-off-fee');
    const context = await open();
    const desk = await staffOn(context, server.url, server.staff());
    await desk.row(/Sam|one-off-fee/).click();
    await desk.button('Take it').click();
    await desk.field.waitFor();
    const address = desk.page.url();
    await desk.to('Questions');
    const other = await waiting(open, server, 'price-rise');
    await chat.say('Hello again');
    await desk.page.waitForFunction(() => /^\(1\) waiting · 1 new/.test(document.title));
    await desk.page.locator('.rail .badge.small').waitFor();
    await desk.page.goto(address);
    await desk.button('Close').click();
    await desk.page.getByText('This conversation is closed.').first().waitFor();
    await other.context.close();
  });

  await test('names, rows and words stay to be seen in narrow and low windows', async ({ server, open }) => {
    const chat = await waiting(open, server, 'one-off-fee');
    const desk = await staffOn(await open(), server.url, server.staff());
    const page = desk.page;
    await desk.row(/Sam|one-off-fee/).click();
    await desk.button('Take it').click();
    await desk.field.waitFor();
    await chat.say(`Look: ${'x'.repeat(300)} -£12.39`);
    await desk.messages.filter({ hasText: 'xxx' }).waitFor();
    for (const width of [TINY.width, 390, 605, 640, 700, 760, 900, 1240, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      const seen = await page.evaluate(() => ({ name: document.querySelector('#conversation-title').getBoundingClientRect().width, wide: document.documentElement.scrollWidth - innerWidth }));
      assert.ok(60 < seen.name, `the name is ${seen.name} px wide at ${width}`);
      assert.ok(seen.wide <= 0, `${seen.wide} px too wide at ${width}`);
      const covered = await page.evaluate(() => {
        const state = document.querySelector('.title .state').getBoundingClientRect();
        return [...document.querySelectorAll('.conversation > header .actions button')].some((button) => {
          const it = button.getBoundingClientRect();
          return it.left < state.right && state.left < it.right && it.top < state.bottom && state.top < it.bottom;
        });
      });
      assert.equal(covered, false, `a button lies over the state at ${width}`);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
    // Two-digit numbers stand in one line with the names of the lists, nothing cut off.
    const tabs = await page.evaluate(() => {
      const [waiting, mine] = document.querySelectorAll('.tabs a');
      for (const [tab, count] of [[waiting, '42'], [mine, '17']]) {
        tab.querySelector('.count')?.toggleAttribute('hidden', true);
        const probe = Object.assign(document.createElement('span'), { className: 'count probe', textContent: count });
        tab.append(probe);
      }
      const tabs = document.querySelector('.tabs');
      const tops = new Set([...tabs.children].map((it) => it.getBoundingClientRect().top));
      const fits = { lines: tops.size, cut: tabs.scrollWidth - tabs.clientWidth };
      document.querySelectorAll('.probe').forEach((it) => it.remove());
      document.querySelectorAll('.tabs .count').forEach((it) => it.removeAttribute('hidden'));
      return fits;
    });
    assert.deepEqual(tabs, { lines: 1, cut: 0 });
    const rows = await page.evaluate(() => [...document.querySelectorAll('.row')].map((row) => row.getBoundingClientRect().width - document.querySelector('.rows').clientWidth));
    assert.ok(rows.every((more) => more <= 0), `rows stand out by ${rows}`);

    await page.setViewportSize(PHONE_WITH_KEYBOARD);
    await desk.field.focus();
    const log = await page.locator('.log').evaluate((log) => log.clientHeight);
    assert.ok(120 <= log, `of what was said ${log} px are to be seen above the keyboard`);
    await page.setViewportSize({ width: 1280, height: 800 });
    await desk.button('Close').click();
    await desk.page.getByText('This conversation is closed.').first().waitFor();
  });

  await test('on a phone too it is to be seen whether the console is live, and a file that is dropped opens nowhere', async ({ server, open }) => {
    const { page } = await staffOn(await open({ viewport: TINY }), server.url, server.staff());
    await live({ page }).waitFor();
    const opens = (type) =>
      page.evaluate((type) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File(['x'], 'bill.png', { type: 'image/png' }));
        return document.body.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }));
      }, type);
    assert.deepEqual([await opens('dragover'), await opens('drop')], [false, false]);
  });

  await test('my own reply is to be seen at once, wherever I was reading', async ({ server, open }) => {
    const chat = await waiting(open, server, 'one-off-fee');
    const desk = await staffOn(await open(), server.url, server.staff());
    await desk.row(/Sam|one-off-fee/).click();
    await desk.button('Take it').click();
    await desk.field.waitFor();
    for (let n = 0; n < 8; n++) {
      await chat.say(`Line ${n}\n${'and so on '.repeat(30)}`);
      await desk.messages.filter({ hasText: `Line ${n}` }).waitFor();
    }
    for (let n = 0; n < 4; n++) {
      await desk.page.locator('.log').evaluate((log) => log.scrollTo({ top: 0 }));
      await desk.reply(`Reply ${n}`);
      await desk.page.waitForFunction(() => {
        const log = document.querySelector('.log');
        return log.scrollHeight - log.scrollTop - log.clientHeight < 2;
      });
      assert.equal(await desk.button('New messages').count(), 0);
    }
    await desk.button('Close').click();
    await desk.page.getByText('This conversation is closed.').first().waitFor();
  });
}

async function signIn(page, { login, password }) {
  await page.getByLabel('Name', { exact: true }).fill(login);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
