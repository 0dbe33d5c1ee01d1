// A customer asks about their bill.
import assert from 'node:assert/strict';
import { customerOn, chatOn, staffOn, TINY } from './people.mjs';

export const WHY = 'why is my bill higher this month?';

/** What has the focus, inside the chat's shadow root. */
const focused = (chat) => chat.host.evaluate((host) => host.shadowRoot.activeElement?.className || host.shadowRoot.activeElement?.tagName);

export default async function asking(test) {
  await test('a customer asks why the bill is higher and reads the answer with their own figure, by keyboard alone', async ({ server, open }) => {
    const { page, ...chat } = await customerOn(await open(), server.url);
    await page.locator('footer').click();
    for (let presses = 0; (await focused(chat)) !== 'launcher'; presses++) {
      assert.ok(presses < 60, 'the launcher is reached with Tab');
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
    await chat.bot.first().waitFor();
    assert.equal(await focused(chat), 'TEXTAREA');

    await page.keyboard.type(WHY);
    await page.keyboard.press('Enter');
    await chat.hear('£12.00 more than');
    await chat.panel.getByRole('row', { name: /engineer visit.*£12\.00/i }).waitFor();
    assert.deepEqual(await chat.said(), [WHY]);
    assert.equal(await focused(chat), 'TEXTAREA');
    await chat.panel.locator('[aria-live=polite]', { hasText: 'Assistant: Your' }).waitFor({ state: 'attached' });

    await page.keyboard.press('Escape');
    await chat.panel.waitFor({ state: 'hidden' });
    assert.equal(await focused(chat), 'launcher');
  });

  await test('choices are tapped, an answer is rated in one tap, and start over starts over', async ({ server, open }) => {
    const chat = await customerOn(await open(), server.url, 'price-rise');
    await chat.open();
    await chat.tap('See what changed');
    await chat.hear('£4.00 more than');
    assert.deepEqual(await chat.said(), ['See what changed']);
    await chat.tap('Yes');
    await chat.panel.getByText('Thank you for telling us.').waitFor();
    await chat.menu('Start over');
    await chat.hear("Let's start again");
    await chat.panel.getByRole('button', { name: 'Pay the bill' }).waitFor();
  });

  await test('on a phone a tap leads to the end, hides nothing and leaves no mark', async ({ server, open }) => {
    const chat = await customerOn(await open({ viewport: TINY, hasTouch: true, isMobile: true, reducedMotion: 'reduce' }), server.url);
    await chat.open();
    await chat.say(WHY, '£');
    await chat.log.evaluate((it) => (it.scrollTop = 0));
    await chat.menu('Start over');
    await chat.customer.filter({ hasText: 'Start over' }).waitFor();
    // Found and asked in one step: the log is written anew while the answer comes in, and what was found before isn't in it.
    const isSeen = (log, words) => {
      const own = [...log.querySelectorAll('[data-from=customer]')].find((it) => it.textContent.includes(words));
      const [box, seen] = [own, log].map((one) => one.getBoundingClientRect());
      return seen.top <= box.top && box.top < seen.bottom;
    };
    assert.ok(await chat.log.evaluate(isSeen, 'Start over'), 'what was tapped is to be seen');
    await chat.hear("Let's start again");

    const newest = chat.panel.locator('.newest');
    const heights = await newest.evaluate((it) => [true, false].map((hidden) => ((it.hidden = hidden), it.parentNode.querySelector('.log').clientHeight)));
    assert.equal(heights[0], heights[1], '“New messages” lies over the log');
    await newest.evaluate((it) => it.click());
    await newest.waitFor({ state: 'hidden' });

    await chat.tap('Talk to a person');
    assert.equal(await chat.panel.locator('.person').evaluate((it) => getComputedStyle(it).backgroundColor), 'rgba(0, 0, 0, 0)');
    // Nobody is left in the line for the tests after this one.
    await chat.menu('Start over');
    await chat.panel.getByText('Waiting for a colleague').waitFor({ state: 'hidden' });
  });

  await test('a late fee comes off with one tap, and the receipt says what was done and how to undo it', async ({ server, open }) => {
    const chat = await customerOn(await open(), server.url, 'first-late-fee');
    await chat.open();
    await chat.say('can you take the late fee off my bill', 'can come off');
    await chat.tap('Take off £5.00');
    const receipt = chat.panel.getByRole('article', { name: 'Receipt: done' });
    await receipt.getByText('is off').waitFor();
    await receipt.getByText('tell a colleague').waitFor();
    assert.equal(await chat.panel.getByRole('button', { name: 'Take off £5.00' }).count(), 0);
    await chat.panel.locator('[aria-live=polite]', { hasText: 'is off' }).waitFor({ state: 'attached' });
  });

  await test('the bill is paid on the page that the link in the chat opens, and staff never see where it leads', async ({ server, open }) => {
    const chat = await customerOn(await open(), server.url, 'bill-late');
    await chat.open();
    await chat.say('I want to pay my bill now', 'You owe');
    const link = chat.bot.last().getByRole('link');
    assert.equal(await link.innerText(), server.url, 'only the host is worth reading');
    const [page] = await Promise.all([chat.page.waitForEvent('popup'), link.click()]);
    await page.getByRole('button').click();
    await page.getByText('Your reference is').waitFor();
    await page.close();
    await chat.say('how much do I owe now', 'You owe nothing');

    const desk = await staffOn(await open(), server.url, server.staff());
    await desk.list('With the bot');
    await desk.row(/Frankie/).first().click();
    await desk.messages.filter({ hasText: '[link]' }).first().waitFor();
    assert.equal(await desk.page.locator('a[href*="/go/"]').count(), 0);
  });

  await test('switching customer is one click, and the old conversation disappears', async ({ server, open }) => {
    const chat = await customerOn(await open(), server.url);
    await chat.open();
    await chat.say(WHY, '£12.00 more than');
    await chat.tap('Close the chat');
    await chat.page.locator('[data-customer=price-rise]').click();
    await chat.page.getByText('Hello Robin.').waitFor();
    await chat.open();
    await chat.panel.getByText('You’re signed in as Robin.').waitFor();
    assert.deepEqual(await chat.said(), []);
    await chat.say(WHY, '£4.00 more than');
    assert.deepEqual(await chat.said(), [WHY]);
    assert.equal(await chat.panel.getByText('£12.00').count(), 0);
  });

  await test('switching customer while the chat is open clears it at once', async ({ server, open }) => {
    const chat = await customerOn(await open(), server.url);
    await chat.open();
    await chat.say(WHY, '£12.00 more than');
    await chat.page.locator('[data-customer=plan-change]').press('Enter');
    await chat.panel.getByText('You’re signed in as Alex.').waitFor();
    assert.deepEqual(await chat.said(), []);
    assert.equal(await chat.panel.getByText('£12.00').count(), 0);
  });

  await test('two tabs of one customer are in step', async ({ server, open }) => {
    const context = await open();
    const one = await customerOn(context, server.url);
    await one.open();
    await one.say(WHY, '£12.00 more than');
    // A tab that is opened from this one has a copy of its session.
    const [page] = await Promise.all([context.waitForEvent('page'), one.page.evaluate(() => void window.open('/'))]);
    const other = chatOn(page);
    await other.launcher.waitFor();
    assert.ok(await page.evaluate(() => 'plainbill' in sessionStorage));
    await other.open();
    await other.say('when is it due?');
    await one.customer.filter({ hasText: 'when is it due?' }).waitFor();
    assert.deepEqual(await one.said(), [WHY, 'when is it due?']);
  });

  await test('a chat that was ended says so, and opens again when the customer writes', async ({ server, open }) => {
    const chat = await customerOn(await open(), server.url, 'all-quiet');
    await chat.open();
    await chat.say('how much do I owe', '£');
    await chat.menu('End chat');
    await chat.panel.getByText('This chat has ended. Write to start again.').waitFor();
    await chat.say('when is it due?');
    await chat.panel.getByText('Answers from Fernhill Fibre’s assistant').waitFor();
  });
}
