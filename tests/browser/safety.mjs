// What a customer types is text, wherever it is shown, and what must not be kept is not.
import assert from 'node:assert/strict';
import { customerOn, staffOn } from './people.mjs';

const MARKUP = '<img src=x onerror="alert(1)"><script>alert(2)</script>';
const LINK = 'javascript:alert(3) <a href="javascript:alert(4)">here</a>';
const TURNED = 'invoice \u202Efdp.exe\u202C attached';

export default async function safety(test) {
  await test('markup, script links and turned-around text stay text, for the customer and for staff', async ({ server, open }) => {
    const chat = await customerOn(await open(), server.url, 'duplicate-charge');
    await chat.open();
    for (const text of [MARKUP, LINK, TURNED]) await chat.say(text);
    await chat.tap('Talk to a person');
    await chat.strip.filter({ hasText: 'in line' }).waitFor();
    const said = await chat.customer.locator('.bubble').allTextContents();
    assert.deepEqual(said.slice(0, 2), [MARKUP, LINK]);
    assert.equal(await chat.log.locator('img, script, iframe, a').count(), 0);

    const desk = await staffOn(await open(), server.url, server.staff());
    await desk.row(/Kim|duplicate-charge/).click();
    await desk.messages.filter({ hasText: MARKUP }).waitFor();
    await desk.messages.filter({ hasText: LINK }).waitFor();
    assert.equal(await desk.page.locator('.log img, .log script, .log iframe, .log .customer a').count(), 0);
    const turned = desk.messages.filter({ hasText: 'attached' }).locator('.bubble');
    const tapped = desk.page.locator('.bubble', { hasText: /^Get a colleague$/ });
    const after = desk.messages.filter({ has: tapped }).last();
    assert.equal(await after.locator('.bubble').innerText(), 'Get a colleague');
    assert.notEqual(await turned.evaluate((it) => getComputedStyle(it.firstElementChild).unicodeBidi), 'normal', 'turned text turns nothing around it');

    await desk.button('Take it').click();
    await desk.reply(`${MARKUP} https://fernhill.example/help.`);
    await chat.staff.filter({ hasText: MARKUP }).waitFor();
    assert.equal(await chat.staff.locator('img, script').count(), 0);
    assert.equal(await chat.staff.getByRole('link').getAttribute('href'), 'https://fernhill.example/help');
    await desk.button('Close').click();
    await desk.page.getByText('This conversation is closed.').first().waitFor();
    await desk.to('Questions');
    await desk.page.locator('#page-title').waitFor();
    assert.equal(await desk.page.locator('main img').count(), 0);
  });

  await test('a card number is hidden before anybody sees it', async ({ server, open }) => {
    const chat = await customerOn(await open(), server.url, 'autopay-failing');
    await chat.open();
    await chat.say('please use my card 4111 1111 1111 1111 for this', /hidden the card number/);
    await chat.customer.filter({ hasText: '[card ending' }).waitFor();
    assert.ok(!(await chat.panel.innerText()).includes('4111 1111'));
    await chat.tap('Talk to a person');
    const desk = await staffOn(await open(), server.url, server.staff());
    await desk.row(/Lee|autopay-failing/).click();
    await desk.messages.filter({ hasText: '[card ending' }).first().waitFor();
    assert.ok(!(await desk.page.locator('body').innerText()).includes('4111 1111'));
    await desk.button('Take it').click();
    await desk.button('Close').click();
    await desk.page.getByText('This conversation is closed.').first().waitFor();
  });

  await test('a wrong password is answered in plain words, and nobody gets in', async ({ server, open }) => {
    const page = await (await open()).newPage();
    await page.goto(`${server.url}/console`);
    await page.getByLabel('Name', { exact: true }).fill('admin');
    await page.getByLabel('Password', { exact: true }).fill('not it');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').filter({ hasText: /./ }).waitFor();
    assert.equal(await page.getByRole('navigation', { name: 'Main' }).count(), 0);
  });
}
