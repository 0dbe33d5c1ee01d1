// Everything that the widget itself says, in one place.
import type { Hours } from '../protocol';
import { plural, rank } from '../shared/format';

export const launcher = 'Chat with us';
export const unread = (count: number) => plural(count, 'new message', 'new messages');
export const title = 'Help with your bill';
export const assistant = 'Assistant';
export const us = 'Us';
export const you = 'You';
export const log = 'Conversation';

export const answersFrom = (business: string) => `Answers from ${business}’s assistant`;
export const withPerson = (name?: string) => (name ? `You’re talking with ${name}` : 'You’re talking with a person');
export const waiting = 'Waiting for a colleague';
export const ended = 'This chat has ended. Write to start again.';
export function place(place: number, minutes?: number) {
  const where = place === 1 ? 'You’re next in line' : `You’re ${rank(place)} in line`;
  return minutes == null ? `${where}.` : `${where}, about ${plural(Math.max(1, minutes), 'minute', 'minutes')}.`;
}
export const back = (time: string) => `We’re closed now. Somebody will answer by ${time}.`;
export const opened = (place: string) => `We’re open now. ${place}`;
export const offline = 'You’re offline. We’ll send what you write when you’re back.';
export const connecting = 'No connection just now. Trying again …';
export const closed = 'Your earlier chat comes back once you’re signed in.';
export const away = ({ back, text }: Hours) =>
  back ? `Our team is away and answers by ${back}.` : `Our team is away. It’s here ${text}.`;
export const signedInAs = (name: string) => `You’re signed in as ${name}.`;

export const placeholder = 'Write a message';
export const send = 'Send';
export const tooLong = (over: number) => `Please make it ${plural(over, 'letter', 'letters')} shorter.`;
export const person = 'Talk to a person';
export const newest = 'New messages';
export const typing = (name: string) => `${name} is typing`;

export const sending = 'Sending …';
export const sent = 'Sent';
export const notSent = 'Not sent.';
export const tryAgain = 'Try again';
export const remove = 'Remove';
export const noPictures = 'Pictures and files can’t be sent here yet. Please write what they show.';

export const receipt = 'Receipt: done';

export const helpful = 'Was this helpful?';
export const yes = 'Yes';
export const no = 'No';
export const steps = ['Not at all', 'Not really', 'Partly', 'Mostly', 'Very much'];
export const thanks = 'Thank you for telling us.';
export const comment = 'What could we do better?';

export const menu = 'More';
export const close = 'Close the chat';
export const startOver = 'Start over';
export const transcript = 'Get a transcript';
export const transcriptFile = 'conversation.txt';
export const print = 'Print';
export const end = 'End chat';
export const erase = 'Delete from this device';
export const eraseSure = 'Delete this chat from this device for good?';
export const erased = 'The chat is deleted.';
