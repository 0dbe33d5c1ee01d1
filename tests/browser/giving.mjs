// Staff give a customer something back: they see what the customer will read, say yes, and both have the receipt.
import assert from 'node:assert/strict';
import { check } from './accessibility.mjs';
import { customerOn, PHONE, staffOn } from './people.mjs';

const REASON = 'Our engineer did not come';

/** A customer who talks to this member of staff. */
export async function withPerson(open, server, id, login, name) {
  const person = await server.addStaff(login, name);
  const chat = await customerOn(await open(), server.url, id);
  await chat.open();
  await chat.say('I want to talk to a person');
  await chat.panel.getByText('Waiting for a colleague').waitFor();
  const desk = await staffOn(await open(), server.url, person);
  await desk.row('').first().click();
  await desk.button('Take it').click();
  await desk.field.waitFor();
  return { chat, desk };
}

export default async function giving(test) {
  await test('staff take a late fee off by keyboard alone, and the customer gets the receipt', async ({ server, open }) => {
    const { chat, desk } = await withPerson(open, server, 'second-late-fee', 'gina', 'Gina');
    const { page } = desk;
    await page.keyboard.press('Escape');
    await page.keyboard.press('b');
    const dialog = page.getByRole('dialog', { name: /something back/ });
    await dialog.getByText('You may give this customer up to £20.00.').waitFor();
    const fee = dialog.getByRole('radio', { name: /^Late fee of £5.00 on the/ });
    await fee.and(page.locator(':focus')).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.type(REASON);
    await page.keyboard.press('Enter');
    await dialog.getByText(new RegExp(`Gina has taken the late fee of £5.00 off your .* bill. Why: ${REASON}`)).waitFor();
    await dialog.getByText('Rule: staff_goodwill, version 1').waitFor();
    assert.equal(await chat.staff.filter({ hasText: 'Receipt' }).count(), 0, 'nothing is done before the yes');
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'hidden' });
    await chat.hear('Gina has taken the late fee');
    await desk.messages.filter({ hasText: 'Receipt: done' }).filter({ hasText: 'Rule: staff_goodwill' }).waitFor();
    assert.equal(await chat.panel.getByText('staff_goodwill').count(), 0, 'the rule’s name is for staff');
  });

  await test('beyond the limit the console says which rule and who may, and what was typed stays', async ({ server, open }) => {
    const { chat, desk } = await withPerson(open, server, 'all-quiet', 'hugo', 'Hugo');
    await desk.page.setViewportSize(PHONE);
    await desk.page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    await desk.button('Give something back').click();
    const dialog = desk.page.getByRole('dialog', { name: /something back/ });
    const look = dialog.getByRole('button', { name: 'See what they’ll read' });
    await look.click();
    await dialog.getByText('Please type how much, and why.').waitFor();
    await dialog.getByLabel('How much').fill('25');
    await dialog.getByLabel('Why', { exact: true }).fill(REASON);
    await look.click();
    await dialog.getByRole('alert').filter({ hasText: '£25.00 is too much for you' }).filter({ hasText: 'staff_goodwill' }).waitFor();
    await check(desk.page, 'giving');
    assert.equal(await dialog.getByLabel('Why', { exact: true }).inputValue(), REASON);
    await dialog.getByLabel('How much').fill('12.50');
    await look.click();
    await check(desk.page, 'about to give');
    await dialog.getByRole('button', { name: 'Give it back' }).dblclick();
    await chat.hear('Hugo has given you £12.50 back');
    await dialog.waitFor({ state: 'hidden' });
    await desk.button('Give something back').click();
    await dialog.getByText('You may give this customer £7.50 more, of £20.00 in all.').waitFor();
    await desk.page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    const receipts = desk.messages.filter({ hasText: 'Receipt: done' });
    assert.equal(await receipts.count(), 1, 'a double click is one gift');
  });
}
