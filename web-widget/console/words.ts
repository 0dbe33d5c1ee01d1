// Everything that the console itself says, in one place.

import type { WireReceipt } from '../protocol';
import { clock, day, plural, sameDay } from '../shared/format';
import type { WaitLevel } from './lists';
import type { ListName } from './routes';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const words = {
  product: 'plainbill',
  unreachable: 'We couldn’t reach the server. Check your connection and try again.',
  failed: 'That didn’t work. Please try again.',
  tryAgain: 'Try again',
  loading: 'Loading …',

  signIn: 'Sign in',
  signInIntro: 'For the people who answer.',
  login: 'Name',
  password: 'Password',
  showPassword: 'Show',
  hidePassword: 'Hide',
  signingIn: 'Signing in …',
  signInWrong: 'That name and password don’t go together. Please try again.',
  signInMissing: 'Please type your name and your password.',
  signedOut: 'You’ve been signed out. Please sign in again.',
  otherSignedIn: 'Somebody else has signed in in this browser.',
  stillSignedIn: 'You’re still signed in.',
  signOut: 'Sign out',
  signedInAs: (name: string) => `Signed in as ${name}`,

  skip: 'Skip to the main part',
  main: 'Main',
  inbox: 'Inbox',
  questions: 'Questions',
  suggestions: 'Suggestions',
  keys: 'Keyboard',
  youAndKeys: 'you and the keyboard',
  roles: {
    reads: 'You can read conversations.',
    answers: 'You can read and answer.',
    manages: 'You can read, answer and change how things work.',
  } as Record<string, string>,
  held: (count: number) =>
    `You have ${plural(count, 'conversation', 'conversations')}. If you sign out, ${count === 1 ? 'it waits' : 'they wait'} for a colleague.`,
  unsent: (count: number) =>
    `You haven’t sent what you wrote in ${plural(count, 'conversation', 'conversations')}. Signing out throws it away.`,

  connecting: 'Connecting …',
  checking: 'Checking …',
  catchingUp: 'Catching up …',
  connected: 'Live',
  offline: 'Offline',
  disconnected: 'Not connected. What you see may be old. We’re trying again.',
  browserOffline: 'You’re offline. What you see may be old. We’ll connect again as soon as you’re back.',
  notFetched: 'Something couldn’t be fetched. What you see may be old. We’re trying again.',
  backOnline: 'Connected again.',

  lists: { waiting: 'Waiting', mine: 'Mine', bot: 'With the bot', closed: 'Closed' } satisfies Record<ListName, string>,
  chooseList: 'Lists',
  empty: {
    waiting: ['Nobody is waiting', 'When somebody asks for a person, they show up here at once.'],
    mine: [
      'Nothing on your desk',
      'Take somebody from Waiting, and the conversation stays here until it’s sorted out.',
    ],
    bot: ['The bot has nothing to do', 'Conversations that the bot answers show up here. You can step in at any time.'],
    closed: ['Nothing closed yet', 'Conversations that are sorted out rest here.'],
  } satisfies Record<ListName, [string, string]>,
  emptyUnknown: 'We can’t tell just now who is here. We’re trying again, and show it as soon as we know.',
  rest: (list: ListName, count: number) =>
    list === 'waiting' ? `${count} more are waiting behind these.` : `${count} older ones aren’t shown.`,
  visitor: 'Visitor',
  urgent: 'Urgent',
  online: 'Online',
  away: 'Away',
  fresh: 'New',
  noWords: 'Nothing said yet',
  waits: { fine: '', long: 'long wait', 'too-long': 'too long' } satisfies Record<WaitLevel, string>,
  waitFor: (ms: number) =>
    ms < MINUTE
      ? `${Math.max(0, Math.floor(ms / 1000))} s`
      : ms < HOUR
        ? `${Math.floor(ms / MINUTE)} min`
        : ms < DAY
          ? `${Math.floor(ms / HOUR)} h ${Math.floor((ms % HOUR) / MINUTE)} min`
          : plural(Math.floor(ms / DAY), 'day', 'days'),
  waitingFor: 'Waiting for',
  nowWaiting: (name: string, reason?: string) => `${name} is waiting. ${reason ?? ''}`.trim(),
  hasWritten: (name: string) => `${name} has written to you.`,
  titleWaiting: (count: number) => `(${count}) waiting`,
  titleNew: (count: number) => `${count} new`,
  titleDown: 'Not connected · plainbill',

  conversation: 'Conversation',
  back: 'Back to the list',
  customer: 'Customer',
  bot: 'Bot',
  me: 'You',
  colleague: 'Colleague',
  state: {
    queue: 'Waiting for a person',
    bot: 'With the bot',
    nobody: 'Closed',
    mine: 'You have this',
    theirs: (name: string) => `${name} has this`,
  },
  why: 'Why it’s here',
  take: 'Take it',
  handBack: 'Hand back to the bot',
  close: 'Close',
  taken: (name: string) => `It’s yours. The customer sees your name: ${name}.`,
  quicker: (name: string) => `${name} was quicker.`,
  changedMeanwhile: 'It has changed meanwhile. This is how it stands now.',
  handedBack: 'The bot has it again.',
  closed: 'Closed. It opens again when the customer writes.',
  nobodyYet: 'Nobody has this yet.',
  botAnswers: 'The bot is answering. Take it to write yourself.',
  colleagueHas: (name: string) => `${name} has this one. You can read along.`,
  isClosed: 'This conversation is closed. It opens again when the customer writes.',
  readsOnly: 'You can read here, but your account can’t answer.',
  reply: (name: string) => `Reply to ${name}`,
  replyHint: 'Enter sends, Shift and Enter starts a new line',
  send: 'Send',
  sending: 'Sending …',
  notSent: 'Not sent.',
  perhapsSent: 'Perhaps not sent.',
  newFirst: 'There is something new to read first. Your words are still here.',
  typing: (name: string) => `${name} is typing`,
  newMessages: 'New messages',
  give: 'Give something back',
  giveTo: (name: string) => `Give ${name} something back`,
  giveLimit: (left: string, limit: string) =>
    left === limit
      ? `You may give this customer up to ${limit}.`
      : `You may give this customer ${left} more, of ${limit} in all.`,
  giveWhat: 'What do you give?',
  giveAmount: 'An amount, off the next bill',
  giveHowMuch: 'How much',
  giveReason: 'Why',
  giveReasonHint: 'The customer reads this.',
  giveLook: 'See what they’ll read',
  giveLeave: 'Leave it',
  giveSure: 'Is this right?',
  giveReads: 'The customer reads',
  giveRule: (clause: string) => `Rule: ${clause}`,
  giveYes: { fee: 'Take the fee off', credit: 'Give it back' },
  giveChange: 'Change something',
  giving: 'Giving …',
  given: 'Done. The receipt is in the conversation.',
  giveWaits: 'Billing hasn’t answered yet. We ask again by ourselves, and the receipt shows up here.',
  giveMissing: 'Please type how much, and why.',
  giveReasonMissing: 'Please say why.',
  draft: 'Draft',
  draftLeft: 'You haven’t sent what you wrote. It will be gone.',
  draftClose: 'Close without sending',
  draftHandBack: 'Hand back without sending',
  keepWriting: 'Keep writing',
  transcript: 'What was said',
  account: 'Account and bill',
  noAccount: 'Not signed in on your site, so there is no account to show.',
  accountUnseen: 'We can’t see this account right now.',
  proofEnded: (since: string) =>
    `We can’t be sure any more who is writing: what showed it ended ${since}. Before you say figures or give anything, ask them to sign in on your site again.`,
  offered: 'Offered',
  said: (name: string, text: string) => `${name}: ${text}`,

  understood: 'What the bot understood',
  decisions: {
    answer: 'Sure enough to answer',
    ask_back: 'Not sure, so it asked back',
    no_idea: 'Didn’t know',
  } as Record<string, string>,
  readAs: (because: string) => `Read as: ${because}.`,
  noGuesses: 'It had no guess.',
  guesses: 'Guesses',
  wrong: 'Bot was wrong',
  wrongAbout: (text: string) => `Bot was wrong: ${text}`,
  flagged: 'Noted as wrong',
  flaggedThanks: 'Thank you. It’s on the list of questions.',

  receipt: 'Receipt: done',
  receiptKept: ({ reference, undo, clause }: WireReceipt) =>
    [reference && `Reference ${reference}.`, undo, clause && `Rule: ${clause}`].filter(Boolean).join('\n'),
  ratedGood: 'The customer found the answer helpful',
  ratedBad: 'The customer didn’t find the answer helpful',
  ratedSurvey: (score: number) => `The customer says it was easy to sort out: ${score} of 5`,
  asked: (text: string) => `Asked: “${text}”`,
  verified: 'The customer is signed in on your site',
  owners: {
    bot: 'The bot answers from here',
    queue: 'A person will answer',
    staff: 'A person answers from here',
    nobody: 'The conversation ended',
  } as Record<string, string>,

  questionsIntro: 'What the bot couldn’t answer well, grouped by what lies behind it. The most expensive comes first.',
  suggestionsIntro: 'What customers would like to be different, in their own words.',
  openCauses: 'Open',
  closedCauses: 'Closed',
  causesEmpty: {
    open: ['No open questions', 'Every question that the bot misses is kept here, so that nobody has to ask it twice.'],
    closed: ['Nothing closed yet', 'Close a cause when people have stopped asking. You can open it again.'],
  } satisfies Record<string, [string, string]>,
  suggestionsEmpty: ['No suggestions yet', 'When a customer says what could be better, you read it here.'] as [
    string,
    string,
  ],
  count: (count: number) => plural(count, 'question', 'questions'),
  soFar: 'so far',
  cost: 'Cost',
  examples: (count: number) => `Show ${plural(count, 'example', 'examples')}`,
  hideExamples: 'Hide examples',
  more: (count: number) => `Show ${count} more`,
  rename: 'Rename',
  nameOf: 'Name of this cause',
  saveName: 'Save the name',
  keepName: 'Keep the old one',
  nameEmpty: 'Please give it a name.',
  renamed: 'The name is saved.',
  closeCause: 'Close it',
  reopenCause: 'Open it again',
  causeClosed: 'Closed.',
  causeOpened: 'Open again.',
  whys: {
    missed: 'The bot didn’t know',
    refused: 'Neither guess was right',
    thumbs_down: 'The answer didn’t help',
    flagged: 'A colleague marked it as wrong',
    suggestion: 'A suggestion',
  } as Record<string, string>,
  before: 'Said before',
  outcome: 'How it went on',
  read: 'Read the conversation',

  letters: 'Single letters work as shortcuts',
  lettersHint: 'They never work while you write. Switch them off if your speech input types letters.',
  done: 'Done',
  keysTable: [
    ['j', 'Next in the list'],
    ['k', 'The one before'],
    ['Enter', 'Open it'],
    ['a', 'Take it'],
    ['r', 'Write a reply'],
    ['b', 'Give something back'],
    ['u', 'Back to the list'],
    ['g i', 'Inbox'],
    ['g q', 'Questions'],
    ['g s', 'Suggestions'],
    ['?', 'This list'],
  ] as [string, string][],
};

/** "just now", "4 min ago", "10:42", "Monday 3 June". */
export function ago(at: number, now: number): string {
  const passed = now - at;
  if (passed < MINUTE) return 'just now';
  if (passed < HOUR) return `${Math.floor(passed / MINUTE)} min ago`;
  return sameDay(at, now)
    ? clock(at)
    : passed < 6 * DAY
      ? new Intl.DateTimeFormat(undefined, { weekday: 'short', hour: 'numeric', minute: '2-digit' }).format(at)
      : day(at);
}

/** An intent's name as words: "explain_bill_increase" is "Explain bill increase". */
export function intentWords(intent: string): string {
  const text = intent.replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export const percent = (share: number): string => `${Math.round(Math.min(1, Math.max(0, share)) * 100)} %`;
