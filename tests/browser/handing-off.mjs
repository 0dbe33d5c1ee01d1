// People take over from the bot, answer live, and give the conversation back.
import assert from 'node:assert/strict';
import { WHY } from './asking.mjs';
import { customerOn, staffOn } from './people.mjs';
import { openServer } from './server.mjs';

export default async function handingOff(test) {
  await test('staff see who waits and why, take it, answer live, hand it back, and close it', async ({ server, open }) => {
    const priya = await server.addStaff('priya', 'Priya');
    const desk = await staffOn(await open(), server.url, priya);
    const chat = await customerOn(await open(), server.url);
    await chat.open();
    await chat.say(WHY, '£12.00 more than');
    await chat.tap('Talk to a person');
    await chat.strip.filter({ hasText: 'You’re next in line' }).waitFor();
    await chat.panel.getByText('Waiting for a colleague').waitFor();

    const row = desk.row(/Sam|one-off-fee/);
    await row.waitFor();
    assert.match(await row.locator('.reason').innerText(), /person/i);
    assert.match(await desk.page.title(), /^\(1\) waiting/);
    await row.click();
    await desk.messages.filter({ hasText: '£12.00 more than' }).waitFor();
    await desk.page.getByText('What the bot understood').first().click();
    await desk.page.getByText('Explain bill increase').first().waitFor();
    await desk.page.getByRole('complementary', { name: 'Account and bill' }).getByText('£42.00').first().waitFor();

    await desk.button('Take it').click();
    await desk.field.waitFor();
    await chat.panel.getByText('You’re talking with Priya').waitFor();
    await chat.panel.getByText('Priya has joined and has read what was said.').first().waitFor();

    await desk.field.pressSequentially('Hi');
    await chat.panel.getByRole('img', { name: 'Priya is typing' }).waitFor();
    await desk.reply('Hi Sam, the engineer came on the 4th.');
    await chat.staff.filter({ hasText: 'the engineer came on the 4th' }).waitFor();
    assert.equal(await chat.staff.first().locator('.who').innerText(), 'Priya');

    await chat.field.pressSequentially('Oh yes');
    await desk.page.locator('.typing').waitFor();
    await chat.say('Oh yes, I remember');
    await desk.messages.filter({ hasText: 'Oh yes, I remember' }).waitFor();
    await desk.reply('It is a one-off.');
    await chat.staff.filter({ hasText: 'It is a one-off.' }).waitFor();
    const before = await chat.bot.count();
    assert.equal(before, 3, 'the bot was silent while a person had it');

    await desk.button('Hand back to the bot').click();
    await chat.panel.getByText('Answers from Fernhill Fibre’s assistant').waitFor();
    await chat.say('how much do I owe?');
    await chat.bot.nth(before).waitFor();

    await desk.button('Take it').click();
    await desk.reply('All done, have a good day.');
    await desk.button('Close').click();
    await desk.page.getByText('This conversation is closed.').first().waitFor();
    await chat.panel.getByText('This chat has ended. Write to start again.').waitFor();
    await desk.list('Closed');
    await desk.row(/Sam|one-off-fee/).first().waitFor();
  });

  await test('a colleague sees who has a conversation and reads along', async ({ server, open }) => {
    const alex = await staffOn(await open(), server.url, server.staff());
    const chat = await customerOn(await open(), server.url, 'duplicate-charge');
    await chat.open();
    await chat.say('talk to a person', 'You');
    await alex.row(/Kim|duplicate-charge/).click();
    await alex.button('Take it').click();
    await alex.field.waitFor();

    const jo = await staffOn(await open(), server.url, await server.addStaff('jo', 'Jo Berg'));
    await jo.page.goto(alex.page.url());
    await jo.page.getByText('Alex has this one. You can read along.').waitFor();
    await alex.reply('One moment please.');
    await jo.messages.filter({ hasText: 'One moment please.' }).waitFor();
    assert.equal(await jo.field.count(), 0);
    await alex.button('Close').click();
    await jo.page.getByText('This conversation is closed.').first().waitFor();
  });

  await test('whoever waits reads that the opening hours end, and once that they begin', async ({ server, open }) => {
    const context = await open();
    // What the server says when they do, which no test can wait for.
    let toChat;
    await context.routeWebSocket(/\/v1\/chat/, (socket) => {
      const server = socket.connectToServer();
      server.onMessage((message) => JSON.parse(message).type === 'queue' || socket.send(message));
      toChat = (frame) => socket.send(JSON.stringify(frame));
    });
    const chat = await customerOn(context, server.url, 'refund-pending');
    await chat.open();
    await chat.tap('Talk to a person');
    await chat.panel.getByText('Waiting for a colleague').waitFor();
    const away = chat.panel.getByText('Our team is away and answers by Tuesday 9:30.');
    toChat({ type: 'queue', place: 2, back: 'Tuesday 9:30' });
    await chat.strip.filter({ hasText: 'We’re closed now. Somebody will answer by Tuesday 9:30.' }).waitFor();
    await away.waitFor();
    toChat({ type: 'queue', place: 2 });
    await chat.strip.filter({ hasText: /^We’re open now. You’re second in line.$/ }).waitFor();
    await away.waitFor({ state: 'detached' });
    toChat({ type: 'queue', place: 1 });
    await chat.strip.filter({ hasText: /^You’re next in line.$/ }).waitFor();
    await chat.menu('End chat');
  });

  await test('outside the opening hours the customer reads when somebody answers, and can leave a message', async ({ open, after }) => {
    const server = await openServer({ isOpen: false });
    after(() => server.stop());
    const chat = await customerOn(await open(), server.url, 'refund-pending');
    await chat.open();
    await chat.panel.getByText('Our team is away and answers by').waitFor();
    await chat.tap('Talk to a person');
    await chat.hear("We're closed now. Somebody will answer by");
    await chat.strip.filter({ hasText: 'We’re closed now. Somebody will answer by' }).waitFor();
    // What the bot knows it answers meanwhile; the rest is kept.
    await chat.say('my refund has not come', '£30.00');
    await chat.say('my cousin comes on wednesday as well', "It's kept with the rest");
    const desk = await staffOn(await open(), server.url, server.staff());
    await desk.row(/Pat|refund-pending/).click();
    await desk.messages.filter({ hasText: 'my refund has not come' }).waitFor();
    await desk.button('Take it').click();
    await desk.button('Close').click();
    await desk.page.getByText('This conversation is closed.').first().waitFor();
  });
}
