// Scenes in which a lot is on the screen, to be measured, checked and pictured.
import { WHY } from './asking.mjs';
import { customerOn, staffOn } from './people.mjs';

/** The demo shop with the chat open, and these questions answered. */
export async function busyChat(context, server, questions = [WHY], id = 'one-off-fee') {
  const chat = await customerOn(context, server.url, id);
  await chat.open();
  for (const text of questions) {
    const before = await chat.bot.count();
    await chat.say(text);
    await chat.bot.nth(before).waitFor();
  }
  return chat;
}

/** The console with somebody to answer, somebody who waits, and a list of questions. */
export async function busyDesk(open, server, options = {}) {
  const waiting = await busyChat(await open(), server, ['why did I pay twice for the same month?'], 'duplicate-charge');
  await waiting.tap('Talk to a person');
  await waiting.strip.filter({ hasText: 'in line' }).waitFor();
  await busyChat(await open(), server, ['which colour has the moon on a Tuesday'], 'all-quiet');
  const chat = await busyChat(await open(), server, [WHY]);
  await chat.tap('Talk to a person');
  await chat.strip.filter({ hasText: 'in line' }).waitFor();

  const desk = await staffOn(await open({ reducedMotion: 'reduce', ...options }), server.url, server.staff());
  await desk.row(/Sam|one-off-fee/).filter({ hasText: 'Online' }).click();
  await desk.button('Take it').click();
  await desk.reply('Hi Sam, I can see the visit. Did the engineer fit a new socket?');
  await chat.say('Yes, a new one in the hall.');
  await desk.messages.filter({ hasText: 'in the hall' }).waitFor();
  return { ...desk, chat, waiting };
}
