// Takes the README's pictures, docs/widget.png and docs/console.png; with a folder, many more to be looked at there.
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { WHY } from './asking.mjs';
import { openBrowser, openContext, PHONE, staffOn, TINY } from './people.mjs';
import { busyChat, busyDesk } from './scenes.mjs';
import { openServer } from './server.mjs';

const docs = resolve(import.meta.dirname, '../../docs');
const [folder] = process.argv.slice(2);
const faults = [];
const server = await openServer();
const browser = await openBrowser();
const open = (options) => openContext(browser, faults, { reducedMotion: 'reduce', ...options });

/** Once everything stands still, without a cursor that blinks. */
async function take(page, path) {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path, caret: 'hide', animations: 'disabled' });
}

try {
  await mkdir(docs, { recursive: true });
  const desktop = await busyChat(await open({ viewport: { width: 1120, height: 840 } }), server);
  await take(desktop.page, join(docs, 'widget.png'));
  const desk = await busyDesk(open, server);
  await desk.page.locator('.notice').waitFor({ state: 'detached' });
  await desk.page.setViewportSize({ width: 1280, height: 760 });
  await desk.field.fill('Great, then the visit is right. I’ll');
  await take(desk.page, join(docs, 'console.png'));
  if (folder) await many(resolve(folder), desk);
} finally {
  await browser.close();
  await server.stop();
}
if (faults.length) console.error(faults.join('\n'));
process.exit(faults.length ? 1 : 0);

async function many(folder, desk) {
  await mkdir(folder, { recursive: true });
  const shot = (page, name) => take(page, join(folder, `${name}.png`));
  const looks = { desktop: {}, dark: { colorScheme: 'dark' }, phone: { viewport: PHONE, isMobile: true, hasTouch: true }, tiny: { viewport: TINY }, forced: { forcedColors: 'active', colorScheme: 'dark' } };
  for (const [look, options] of Object.entries(looks)) {
    const closed = await busyChat(await open(options), server, []);
    await shot(closed.page, `${look}-greeting`);
    await closed.page.keyboard.press('Escape');
    await shot(closed.page, `${look}-shop`);
    const chat = await busyChat(await open(options), server, [WHY]);
    await shot(chat.page, `${look}-answer`);
    await chat.tap('No');
    await shot(chat.page, `${look}-rated`);
    for (const text of ['what did I pay this year', 'how can I pay and when is it due?', 'can I have a copy of the bill']) {
      const before = await chat.bot.count();
      await chat.say(text);
      await chat.bot.nth(before).waitFor();
      await shot(chat.page, `${look}-${text.split(' ').slice(0, 3).join('-')}`);
    }
    await chat.tap('Talk to a person');
    await chat.strip.filter({ hasText: 'in line' }).waitFor();
    await shot(chat.page, `${look}-waiting`);
    await chat.menu('End chat');
    await chat.panel.getByText('This chat has ended').first().waitFor();
    await shot(chat.page, `${look}-ended`);
  }
  const { width, height } = desk.page.viewportSize();
  for (const [look, { viewport = { width, height }, ...media }] of Object.entries(looks)) {
    await desk.page.setViewportSize(viewport);
    await desk.page.emulateMedia({ colorScheme: media.colorScheme ?? 'light', forcedColors: media.forcedColors ?? 'none' });
    for (const view of ['inbox/waiting', 'inbox/mine', 'inbox/closed', 'questions', 'suggestions']) {
      await desk.page.goto(`${server.url}/console#/${view}`);
      await desk.page.locator('.row, .nothing, .cause, .suggestions').first().waitFor();
      if (view === 'questions') await desk.page.evaluate(() => document.querySelectorAll('details.examples').forEach((it) => (it.open = true)));
      await shot(desk.page, `console-${look}-${view.replace('/', '-')}`);
      if (view !== 'inbox/mine') continue;
      await desk.row('').first().click();
      await desk.messages.last().waitFor();
      await shot(desk.page, `console-${look}-conversation`);
    }
  }
  const other = await openContext(browser, faults);
  const page = await other.newPage();
  await page.goto(`${server.url}/console`);
  await page.locator('.sign-in').waitFor();
  await shot(page, 'console-sign-in');
  const away = await openServer({ isOpen: false });
  try {
    const chat = await busyChat(await open(), away, []);
    await chat.tap('Talk to a person');
    await chat.strip.filter({ hasText: 'We’re closed now' }).waitFor();
    await shot(chat.page, 'closed-hours');
    await staffOn(await open(), away.url, away.staff()).then(async (desk) => {
      await desk.row('').first().waitFor();
      await shot(desk.page, 'console-closed-hours');
    });
  } finally {
    await away.stop();
  }
}
