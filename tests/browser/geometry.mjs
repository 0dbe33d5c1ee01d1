// Nothing overlaps, nothing overflows, hidden is hidden, and everything that can be tapped is large enough.
import assert from 'node:assert/strict';
import { DESKTOP, PHONE, TINY } from './people.mjs';
import { busyChat, busyDesk } from './scenes.mjs';

const VIEWPORTS = [DESKTOP, PHONE, TINY];

/**
 * Looks at every line of text and every control below `root`, and says what is wrong with where they stand.
 * The buttons that float over a log to lead to its end are left out, and so is the button in the field for a password.
 */
export function faultsOf(root) {
  /** The smallest target, WCAG 2.2 success criterion 2.5.8. */
  const TARGET_PX = 24;
  const SLACK_PX = 1.5;
  const faults = [];
  const isShown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const name = (element) => `${element.tagName.toLowerCase()}${element.className ? `.${element.getAttribute('class')}` : ''} “${(element.innerText ?? '').trim().slice(0, 30)}”`;
  const parentOf = (node) => (node.parentNode instanceof ShadowRoot ? node.parentNode.host : node.parentElement);
  const all = [root, ...root.querySelectorAll('*')].filter((it) => it instanceof HTMLElement);

  /** What of a box is to be seen through its scrolling and clipping ancestors. */
  const seen = (box, element) => {
    let { left, top, right, bottom } = box;
    for (let outer = element; outer instanceof HTMLElement; outer = parentOf(outer)) {
      const style = getComputedStyle(outer);
      if (style.overflow !== 'visible' || style.clipPath !== 'none') {
        const clip = outer.getBoundingClientRect();
        left = Math.max(left, clip.left);
        top = Math.max(top, clip.top);
        right = Math.min(right, clip.right);
        bottom = Math.min(bottom, clip.bottom);
      }
      if (style.position === 'fixed') break;
    }
    return { left, top, right, bottom, width: right - left, height: bottom - top };
  };

  const lines = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !isShown(element) || element.closest('.unseen, .skip, [hidden], .to-end, .newest')) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      const part = seen(box, element);
      if (part.width < 2 || part.height < 4) continue;
      lines.push({ node, element, ...part });
      const cut = box.right - part.right > SLACK_PX || part.left - box.left > SLACK_PX;
      // What scrolls sideways, and what ends in an ellipsis, is cut on purpose.
      const scrolls = element.closest('textarea, input, #customers, #more-customers') || getComputedStyle(element).textOverflow === 'ellipsis';
      if (cut && !scrolls) faults.push(`cut off: ${name(element)} by ${Math.round(box.right - part.right)} px`);
    }
  }
  const inOneField = (one, other) => one.closest('.with-button')?.contains(other);
  const controls = all
    .filter((it) => it.matches('button, a[href], input, textarea, select, summary, [tabindex="0"]:not(.log, .cards)') && isShown(it) && !it.closest('.skip, .unseen, .to-end, .newest'))
    .map((element) => ({ element, ...seen(element.getBoundingClientRect(), element) }))
    .filter((it) => it.width > 4 && it.height > 4);

  const across = (one, other) => ({
    width: Math.min(one.right, other.right) - Math.max(one.left, other.left),
    height: Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top),
  });
  /** Line boxes may touch; letters must not. */
  const overlaps = (one, other) => {
    const { width, height } = across(one, other);
    return width > 2 && height > Math.max(3, 0.3 * Math.min(one.bottom - one.top, other.bottom - other.top));
  };
  lines.forEach((one, index) => {
    for (const other of lines.slice(index + 1)) {
      if (one.node !== other.node && overlaps(one, other)) faults.push(`text over text: ${name(one.element)} and ${name(other.element)}`);
    }
    for (const control of controls) {
      const inside = control.element.contains(one.element) || inOneField(control.element, one.element) || one.element.closest('label')?.contains(control.element);
      if (!inside && overlaps(one, control)) faults.push(`text under a control: ${name(one.element)} and ${name(control.element)}`);
    }
  });
  controls.forEach((one, index) => {
    for (const other of controls.slice(index + 1)) {
      const nested = inOneField(one.element, other.element) || one.element.contains(other.element) || other.element.contains(one.element) || one.element.parentElement === other.element.parentElement?.parentElement;
      if (!nested && overlaps(one, other)) faults.push(`control over control: ${name(one.element)} and ${name(other.element)}`);
    }
  });
  for (const { element } of controls) {
    const { width, height } = element.getBoundingClientRect();
    const isInline = element.matches('a, .link') && getComputedStyle(element).display === 'inline';
    const label = element.matches('input') && element.closest('label')?.getBoundingClientRect();
    if (!isInline && !(label && label.height >= TARGET_PX) && (width < TARGET_PX || height < TARGET_PX)) faults.push(`small target: ${name(element)} ${Math.round(width)}×${Math.round(height)}`);
    if (element.matches('button') && element.scrollWidth > element.clientWidth + 1) faults.push(`overflows: ${name(element)}`);
  }
  for (const element of all) {
    if (element.hidden && element.getClientRects().length) faults.push(`hidden is to be seen: ${name(element)}`);
    if (!isShown(element) || element.closest('.unseen, .skip')) continue;
    const { left, right, width } = seen(element.getBoundingClientRect(), element);
    if (width > 2 && (left < -SLACK_PX || right > innerWidth + SLACK_PX)) faults.push(`beyond the screen: ${name(element)} ${Math.round(left)} to ${Math.round(right)}`);
  }
  if (document.documentElement.scrollWidth > innerWidth) faults.push(`the page scrolls sideways: ${document.documentElement.scrollWidth} > ${innerWidth}`);
  return [...new Set(faults)].slice(0, 12);
}

export default async function geometry(test) {
  /** Looks at a view at each size, at the top and at the end of what scrolls in it. */
  async function measure(locator, view) {
    const page = locator.page();
    const faults = [];
    for (const viewport of VIEWPORTS) {
      await page.setViewportSize(viewport);
      for (const end of [false, true]) {
        await locator.evaluate((root, end) => {
          for (const it of [document.scrollingElement, ...root.querySelectorAll('*')]) if (it.scrollHeight > it.clientHeight) it.scrollTop = end ? it.scrollHeight : 0;
          return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
        }, end);
        const found = await locator.evaluate(faultsOf);
        faults.push(...found.map((fault) => `${view}, ${viewport.width}×${viewport.height}${end ? ', at the end' : ''}: ${fault}`));
      }
    }
    assert.deepEqual(faults, []);
  }

  await test('the demo shop holds together at three sizes', async ({ server, open }) => {
    const { page } = await busyChat(await open({ reducedMotion: 'reduce' }), server, []);
    await page.keyboard.press('Escape');
    await measure(page.locator('main'), 'demo');
    await page.getByText('More customers').click();
    await measure(page.locator('aside'), 'customers');
    await page.getByRole('button', { name: 'Pay my bill' }).click();
    await measure(page.locator('#pay-dialog'), 'pay');
  });

  await test('the chat holds together at three sizes, from the greeting to the end of a long conversation', async ({ server, open }) => {
    const chat = await busyChat(await open({ reducedMotion: 'reduce' }), server, []);
    await measure(chat.panel, 'greeting');
    for (const text of ['why is my bill higher this month?', 'what did I pay this year', 'Please_look_at_this_very_long_word_that_has_no_place_to_break_at_all_and_goes_on', 'why do you charge me for the visit and when is the money taken from my account, I would like to know both?']) {
      const before = await chat.bot.count();
      await chat.say(text);
      await chat.bot.nth(before).waitFor();
    }
    await chat.say('why is my bill higher this month?');
    await measure(chat.panel, 'conversation');
    await chat.tap('More');
    await chat.panel.locator('.menu').waitFor();
    await measure(chat.panel.locator('.menu'), 'menu');
    await chat.page.keyboard.press('Escape');
    await chat.field.fill('a line\nand another\nand a third\nand one more\nand the last');
    await measure(chat.panel, 'a long draft');
    await chat.field.fill('');
    await chat.tap('Talk to a person');
    await chat.strip.filter({ hasText: 'in line' }).waitFor();
    await measure(chat.panel, 'waiting');
  });

  await test('the console holds together at three sizes, in every view', async ({ server, open }) => {
    const desk = await busyDesk(open, server);
    await measure(desk.page.locator('.frame'), 'conversation');
    await desk.page.getByText('What the bot understood').first().click();
    await desk.field.fill('a line\nand another\nand a third');
    await measure(desk.page.locator('.frame'), 'conversation, unfolded');
    await desk.field.fill('');
    for (const list of ['Waiting', 'Mine', 'With the bot', 'Closed']) {
      await desk.page.goto(`${server.url}/console#/inbox/${{ Waiting: 'waiting', Mine: 'mine', 'With the bot': 'bot', Closed: 'closed' }[list]}`);
      await desk.page.locator('.row, .nothing').first().waitFor();
      await measure(desk.page.locator('.frame'), list);
    }
    await desk.to('Questions');
    await desk.page.locator('.cause summary').first().click();
    await desk.page.locator('.example').first().waitFor();
    await measure(desk.page.locator('.frame'), 'questions');
    await desk.to('Suggestions');
    await desk.page.locator('.suggestions, .nothing').first().waitFor();
    await measure(desk.page.locator('.frame'), 'suggestions');
    await desk.page.keyboard.press('?');
    await measure(desk.page.locator('dialog[open]'), 'keys');
    await desk.page.getByRole('button', { name: 'Sign out' }).click();
    await desk.page.locator('.sign-in').waitFor();
    await measure(desk.page.locator('.sign-in'), 'sign-in');
  });
}
