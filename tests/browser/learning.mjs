// What the bot couldn't answer, and what customers suggest, is kept and listed.
import { customerOn, staffOn } from './people.mjs';

/** Finds a question among the examples of all causes; grouping may take a moment. */
async function example(desk, words) {
  await desk.to('Questions');
  const found = desk.page.locator('.example').filter({ hasText: words });
  await expand(desk.page);
  await found.first().waitFor();
  return found.first();
}

/** Opens the examples of every cause, those that come later too. */
const expand = (page) =>
  page.evaluate(() => {
    const open = () => document.querySelectorAll('details.examples:not([open])').forEach((it) => (it.open = true));
    new MutationObserver(open).observe(document.body, { childList: true, subtree: true });
    open();
  });

export default async function learning(test) {
  await test('a missed question stands on the list of questions, with what went on around it', async ({ server, open }) => {
    const chat = await customerOn(await open(), server.url, 'discount-ended');
    await chat.open();
    await chat.say('who painted the ceiling of the Sistine chapel');
    await chat.bot.nth(1).waitFor();
    const desk = await staffOn(await open(), server.url, server.staff());
    const missed = await example(desk, 'who painted the ceiling of the Sistine chapel');
    await missed.getByText('The bot didn’t know').waitFor();
    await missed.getByRole('link', { name: /^Read the conversation/ }).click();
    await desk.messages.filter({ hasText: 'Sistine' }).waitFor();
  });

  await test('an answer that did not help stands there too, in the words of the question', async ({ server, open }) => {
    const chat = await customerOn(await open(), server.url, 'plan-change');
    await chat.open();
    await chat.say('why is there a part month charge on my bill', /.../);
    await chat.tap('No');
    await chat.panel.getByPlaceholder('What could we do better?').fill('too long');
    await chat.panel.getByPlaceholder('What could we do better?').press('Enter');
    await chat.panel.getByText('Thank you for telling us.').waitFor();
    const desk = await staffOn(await open(), server.url, server.staff());
    await (await example(desk, 'part month charge')).getByText('The answer didn’t help').waitFor();
  });

  await test('a suggestion is thanked and stands on the list of suggestions', async ({ server, open }) => {
    const chat = await customerOn(await open(), server.url, 'all-quiet');
    await chat.open();
    await chat.say('suggestion: please print the dates of the engineer visits on the invoice', /thank/i);
    const desk = await staffOn(await open(), server.url, server.staff());
    await desk.to('Suggestions');
    await desk.page.locator('.suggestions blockquote', { hasText: 'print the dates of the engineer visits' }).waitFor();
  });

  await test('staff mark an answer as wrong, and it goes on the list', async ({ server, open }) => {
    const chat = await customerOn(await open(), server.url, 'second-late-fee');
    await chat.open();
    await chat.say('why did you put a late fee on my bill', '£5.00');
    const desk = await staffOn(await open(), server.url, server.staff());
    await desk.list('With the bot');
    await desk.row(/Chris|second-late-fee/).click();
    await desk.page.getByRole('button', { name: /^Bot was wrong/ }).first().click();
    await desk.page.getByText('Noted as wrong').waitFor();
    await (await example(desk, 'late fee on my bill')).getByText('A colleague marked it as wrong').waitFor();
  });
}
