// Nothing is lost and nothing is doubled: reloads, dead networks, a killed server, blocked WebSockets.
import assert from 'node:assert/strict';
import { WHY } from './asking.mjs';
import { chatOn, customerOn, staffOn } from './people.mjs';
import { openShop, pageWith } from './shop.mjs';

const DUE = 'when is it due?';

/** The lines of the log: who said what, once for each bubble. */
const bubbles = (chat) => chat.panel.locator('article').evaluateAll((all) => all.map((it) => `${it.dataset.from}: ${it.querySelector('.bubble').innerText}`));

/** Loads the page again and opens the chat. */
async function reload(chat) {
  await chat.page.reload();
  await chat.launcher.click();
  await chat.bot.nth(1).waitFor();
  await chat.strip.filter({ hasNotText: /./ }).waitFor({ state: 'attached' });
}

/** Puts a switch between a page and the server's sockets. */
async function cable(context) {
  const cable = { cut: false, open: [], dropAcks: false };
  await context.routeWebSocket(/\/v1\/chat/, (socket) => {
    if (cable.cut) return socket.close();
    const server = socket.connectToServer();
    cable.open.push(socket);
    server.onMessage((message) => {
      if (cable.dropAcks && message.includes('"ack"')) return socket.close();
      if (!cable.dropAcks) socket.send(message);
    });
  });
  await context.route(/\/v1\/poll/, (route) => (cable.cut ? route.abort() : route.continue()));
  return cable;
}

export default async function delivery(test) {
  await test('a reload in mid-conversation shows everything once', async ({ server, open }) => {
    const chat = await customerOn(await open(), server.url);
    await chat.open();
    await chat.say(WHY, '£12.00 more than');
    await chat.say(DUE);
    await chat.bot.nth(2).waitFor();
    await chat.field.fill('half a sen');
    const before = await bubbles(chat);
    await reload(chat);
    await chat.bot.nth(2).waitFor();
    assert.deepEqual(await bubbles(chat), before);
    assert.equal(await chat.field.inputValue(), 'half a sen');
  });

  await test('what is written while offline waits, and is delivered once when the network is back', async ({ server, open }) => {
    const context = await open();
    const chat = await customerOn(context, server.url);
    await chat.open();
    await chat.say(WHY, '£12.00 more than');
    const cdp = await context.newCDPSession(chat.page);
    const network = (offline) => cdp.send('Network.emulateNetworkConditions', { offline, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
    await cdp.send('Network.enable');
    await network(true);
    await chat.strip.filter({ hasText: 'You’re offline.' }).waitFor();
    await chat.say(DUE);
    await chat.customer.nth(1).getByText('Sending …').waitFor();
    await network(false);
    await chat.bot.nth(2).waitFor();
    assert.deepEqual(await chat.said(), [WHY, DUE]);
    const desk = await staffOn(await open(), server.url, server.staff());
    await desk.list('With the bot');
    await desk.row(DUE).first().click();
    await desk.messages.filter({ hasText: DUE }).waitFor();
    assert.equal(await desk.messages.filter({ hasText: DUE }).count(), 1);
  });

  await test('what is written on a dead network survives a reload, and is delivered once', async ({ server, open }) => {
    const context = await open();
    const line = await cable(context);
    const chat = await customerOn(context, server.url);
    await chat.open();
    await chat.say(WHY, '£12.00 more than');
    line.cut = true;
    line.open.forEach((socket) => socket.close());
    await chat.strip.filter({ hasText: 'No connection just now' }).waitFor();
    await chat.say(DUE);
    await chat.customer.filter({ hasText: DUE }).getByText('Sending …').waitFor();
    await chat.page.reload();
    await chat.launcher.click();
    await chat.customer.filter({ hasText: DUE }).getByText('Sending …').waitFor();
    line.cut = false;
    await chat.page.evaluate(() => dispatchEvent(new Event('online')));
    await chat.bot.nth(2).waitFor();
    assert.deepEqual(await chat.said(), [WHY, DUE]);
    await reload(chat);
    await chat.bot.nth(2).waitFor();
    assert.deepEqual(await chat.said(), [WHY, DUE]);
  });

  await test('a lost acknowledgement doubles nothing', async ({ server, open }) => {
    const context = await open();
    const line = await cable(context);
    const chat = await customerOn(context, server.url);
    await chat.open();
    line.dropAcks = true;
    await chat.say(WHY);
    await chat.strip.filter({ hasText: 'No connection just now' }).waitFor();
    line.dropAcks = false;
    await chat.hear('£12.00 more than');
    assert.deepEqual(await chat.said(), [WHY]);
    assert.equal(await chat.bot.count(), 2);
  });

  await test('the server is killed in mid-conversation: it goes on where it was, for customer and staff', async ({ server, open, after }) => {
    after(() => server.start());
    const chat = await customerOn(await open(), server.url);
    await chat.open();
    await chat.say(WHY, '£12.00 more than');
    await chat.tap('Talk to a person');
    const desk = await staffOn(await open(), server.url, server.staff());
    await desk.row(/Sam|one-off-fee/).filter({ hasText: 'Online' }).click();
    await desk.button('Take it').click();
    await desk.reply('Let me look.');
    await chat.staff.filter({ hasText: 'Let me look.' }).waitFor();

    await server.kill();
    await chat.strip.filter({ hasText: 'No connection just now' }).waitFor();
    await chat.say('Are you there?');
    await chat.customer.filter({ hasText: 'Are you there?' }).getByText('Sending …').waitFor();
    await desk.page.locator('.status-line', { hasText: 'Not connected.' }).waitFor();
    await server.start();

    await chat.customer.filter({ hasText: 'Are you there?' }).getByText('Sent').waitFor();
    await desk.messages.filter({ hasText: 'Are you there?' }).waitFor();
    await desk.reply('Yes, it was the engineer.');
    await chat.staff.filter({ hasText: 'it was the engineer' }).waitFor();
    assert.deepEqual(await chat.said(), [WHY, 'Get a colleague', 'Are you there?']);
    const before = await bubbles(chat);
    await reload(chat);
    await chat.staff.filter({ hasText: 'it was the engineer' }).waitFor();
    assert.deepEqual(await bubbles(chat), before);
    assert.equal(await desk.messages.filter({ hasText: 'Are you there?' }).count(), 1);
    await desk.button('Close').click();
    await desk.page.getByText('This conversation is closed.').first().waitFor();
  });

  await test('where WebSockets are blocked, the conversation goes by requests, with a person too', async ({ server, open }) => {
    const context = await open();
    await context.addInitScript(() => {
      window.WebSocket = class {
        constructor() {
          setTimeout(() => this.onclose?.({}));
        }
        send() {}
        close() {}
      };
    });
    const chat = await customerOn(context, server.url);
    await chat.open();
    await chat.say(WHY, '£12.00 more than');
    await chat.tap('Talk to a person');
    await chat.strip.filter({ hasText: 'You’re next in line' }).waitFor();
    const desk = await staffOn(await open(), server.url, server.staff());
    await desk.row(/Sam|one-off-fee/).filter({ hasText: 'Online' }).click();
    await desk.button('Take it').click();
    await desk.reply('I read you well.');
    await chat.staff.filter({ hasText: 'I read you well.' }).waitFor();
    assert.deepEqual(await chat.said(), [WHY, 'Get a colleague']);
    await desk.button('Close').click();
    await desk.page.getByText('This conversation is closed.').first().waitFor();
  });

  await test('a message that is too long is held back with the reason', async ({ server, open }) => {
    const chat = await customerOn(await open(), server.url);
    await chat.open();
    await chat.say('x'.repeat(2003));
    await chat.panel.getByText('Please make it 3 letters shorter.').waitFor();
    assert.deepEqual(await chat.said(), []);
  });

  await test('a message that can never be sent is said once, holds nothing back, and is removed on wish', async ({ server, open }) => {
    const chat = await customerOn(await open(), server.url);
    await chat.open();
    await chat.page.evaluate(() => plainbill('send', 'x'.repeat(20_000)));
    await chat.page.evaluate(() => plainbill('send', { toString: () => '\u200b' }));
    await chat.say(WHY, '£12.00 more than');
    const failed = chat.customer.filter({ hasText: 'Not sent. Please make it 18000 letters shorter.' });
    await failed.waitFor();
    await reload(chat);
    await failed.waitFor();
    assert.equal(await failed.getByRole('button', { name: 'Try again' }).count(), 0);
    await failed.getByRole('button', { name: 'Remove' }).click();
    await reload(chat);
    await chat.bot.nth(1).waitFor();
    assert.deepEqual(await chat.said(), [WHY]);
  });

  await test('what the server refuses takes no buttons away', async ({ server, open }) => {
    const context = await open();
    let refuses = true;
    await context.routeWebSocket(/\/v1\/chat/, (socket) => {
      const server = socket.connectToServer();
      socket.onMessage((message) => {
        const frame = JSON.parse(message);
        if (frame.type !== 'choose' || !refuses) return server.send(message);
        const error = { type: 'error', key: frame.key, code: 'not_offered', message: 'That choice isn’t there any more. Please pick another one or write to us.' };
        socket.send(JSON.stringify(error));
      });
    });
    const chat = await customerOn(context, server.url);
    await chat.open();
    await chat.say(WHY, '£12.00 more than');
    const buttons = chat.log.locator('.choices button');
    const before = await buttons.allInnerTexts();
    assert.ok(before.length > 1);
    await buttons.first().click();
    await chat.customer.filter({ hasText: 'Please pick another one' }).waitFor();
    assert.deepEqual(await buttons.allInnerTexts(), before);
    assert.equal(await chat.log.getByRole('group', { name: 'Was this helpful?' }).count(), 1);
    refuses = false;
    await chat.say(DUE);
    await chat.bot.nth(2).waitFor();
    await buttons.first().click();
    await chat.bot.nth(3).waitFor();
  });

  await test('a page that wakes up on a dead line takes another within seconds, not after the long silence', async ({ server, open }) => {
    const context = await open();
    const lines = [];
    await context.routeWebSocket(/\/v1\/chat/, (socket) => {
      const line = { dead: false };
      lines.push(line);
      const server = socket.connectToServer();
      socket.onMessage((message) => line.dead || server.send(message));
      server.onMessage((message) => line.dead || socket.send(message));
    });
    const chat = await customerOn(context, server.url);
    await chat.open();
    await chat.say(WHY, '£12.00 more than');
    lines.forEach((line) => (line.dead = true));
    await chat.say(DUE);
    await chat.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await chat.bot.nth(2).waitFor();
    assert.deepEqual(await chat.said(), [WHY, DUE]);
    assert.equal(lines.length, 2);
  });

  await test('two tabs without a network lose nothing of what is written in either', async ({ server, shopPort, open, after }) => {
    const shop = await openShop(shopPort, { '/': { html: pageWith(server, { attributes: 'data-persist="local"', head: '<link rel="icon" href="data:,">' }) } });
    after(() => shop.close());
    const context = await open();
    const line = await cable(context);
    const tab = async () => {
      const page = await context.newPage();
      await page.goto(shop.url);
      return chatOn(page);
    };
    const [one, other] = [await tab(), await tab()];
    await one.open();
    await one.say('how can I pay?');
    await one.bot.nth(1).waitFor();
    await other.page.reload();
    await other.launcher.click();
    await other.bot.nth(1).waitFor();
    line.cut = true;
    line.open.forEach((socket) => socket.close());
    await one.say('written in one');
    await other.say('written in the other');
    for (const chat of [one, other]) await chat.customer.nth(1).getByText('Sending …').waitFor();
    await one.page.close();
    await other.page.close();
    line.cut = false;
    const later = await tab();
    await later.launcher.click();
    await later.customer.nth(2).getByText('Sent').waitFor();
    assert.deepEqual((await later.said()).toSorted(), ['how can I pay?', 'written in one', 'written in the other']);
  });

  await test('a message that came while the chat was closed is counted on the launcher', async ({ server, open }) => {
    const chat = await customerOn(await open(), server.url, 'price-rise');
    await chat.open();
    await chat.tap('Talk to a person');
    await chat.strip.filter({ hasText: 'in line' }).waitFor();
    await chat.tap('Close the chat');
    const desk = await staffOn(await open(), server.url, server.staff());
    await desk.row(/Robin|price-rise/).click();
    await desk.button('Take it').click();
    await desk.reply('It is me again.');
    await chat.page.getByRole('button', { name: 'Chat with us, 1 new message' }).waitFor();
    await desk.button('Close').click();
    await desk.page.getByText('This conversation is closed.').first().waitFor();
    await chat.launcher.click();
    await chatOn(chat.page).staff.filter({ hasText: 'It is me again.' }).waitFor();
    await chat.page.getByRole('button', { name: 'Chat with us', exact: true }).waitFor();
  });
}
