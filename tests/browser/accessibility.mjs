// axe finds nothing against WCAG 2.2 A and AA: light, dark and in forced colors.
import assert from 'node:assert/strict';
import { AxeBuilder } from './people.mjs';
import { busyChat, busyDesk } from './scenes.mjs';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const LOOKS = [
  { colorScheme: 'light', forcedColors: 'none' },
  { colorScheme: 'dark', forcedColors: 'none' },
  { colorScheme: 'dark', forcedColors: 'active' },
];

/** Finds nothing against the rules in any look. */
export async function check(page, view) {
  const faults = [];
  for (const look of LOOKS) {
    await page.emulateMedia({ ...look, reducedMotion: 'reduce' });
    // In forced colors the reader's own palette is shown, whatever the style sheet says.
    const unseen = look.forcedColors === 'active' ? ['color-contrast'] : [];
    const { violations } = await new AxeBuilder({ page }).options({ resultTypes: ['violations'] }).withTags(RULES).disableRules(unseen).analyze();
    for (const { id, nodes } of violations) {
      faults.push(...nodes.map((node) => `${view}, ${look.colorScheme}, forced colors ${look.forcedColors}: ${id}: ${node.target.join(' ')}: ${node.failureSummary}`));
    }
  }
  assert.deepEqual(faults, []);
}

export default async function accessibility(test) {
  await test('axe finds nothing on the demo shop, with the chat closed, open, and in a conversation', async ({ server, open }) => {
    const chat = await busyChat(await open({ reducedMotion: 'reduce' }), server, []);
    await check(chat.page, 'open');
    await chat.page.keyboard.press('Escape');
    await check(chat.page, 'closed');
    await chat.launcher.click();
    await chat.say('why is my bill higher this month?', '£12.00 more than');
    await check(chat.page, 'conversation');
    await chat.tap('No');
    await chat.panel.getByPlaceholder('What could we do better?').waitFor();
    await chat.tap('More');
    await check(chat.page, 'menu');
  });

  await test('axe finds nothing on the console, from the sign-in to the list of questions', async ({ server, open }) => {
    const desk = await busyDesk(open, server);
    await check(desk.page, 'conversation');
    await desk.page.goto(`${server.url}/console#/inbox/waiting`);
    await desk.row('').first().waitFor();
    await check(desk.page, 'inbox');
    await desk.to('Questions');
    await desk.page.locator('.cause summary').first().click();
    await desk.page.locator('.example').first().waitFor();
    await check(desk.page, 'questions');
    await desk.page.keyboard.press('?');
    await desk.page.locator('dialog[open]').waitFor();
    await check(desk.page, 'keys');
    await desk.page.getByRole('button', { name: 'Sign out' }).click();
    await desk.page.locator('.sign-in').waitFor();
    await check(desk.page, 'sign-in');
  });
}
