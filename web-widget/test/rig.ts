// A chat on a link and a memory made for the test.
import { afterEach, beforeEach, mock } from 'node:test';
import type { ClientFrame, WireEvent } from '../protocol';
import { makeChat } from '../widget/chat';
import type { Listener, OpenLink } from '../widget/links';
import type { Remembered } from '../widget/memory';
import { type Frame, welcome } from './samples';

export type Hello = Extract<ClientFrame, { type: 'hello' }>;

export const token = (sub: string, exp?: number) =>
  `h.${Buffer.from(JSON.stringify({ sub, exp })).toString('base64url')}.s`;

/** Lets what was asked for arrive. */
export const settled = () => new Promise(setImmediate);

/** Seconds go by on a link that is alive. */
export async function pass(chat: Chat, seconds: number) {
  for (; seconds; seconds--) {
    mock.timers.tick(1_000);
    link.frame({ type: 'pong' });
    chat.tick();
    await settled();
  }
}

export let stored: Remembered | undefined;
export let link: Listener & { sent: ClientFrame[] };
export let fresh: WireEvent[];
export let forgotten: number;
/** How often the customer did something that is to be seen. */
export let acted: number;
/** How wrong the customer's clock is by now. */
let skew: number;
/** A clock that only goes on. */
let monotonic: () => number;

const open: OpenLink = (listener) => {
  const mine = { ...listener, sent: [] as ClientFrame[] };
  link = mine;
  return { send: (frame) => mine.sent.push(frame), close() {} };
};

export const chatWith = (settings: { identityUrl?: string } = {}) =>
  makeChat(
    {
      socket: open,
      polling: open,
      now: () => monotonic(),
      memory: {
        recall: () => stored ?? {},
        peek: () => stored ?? {},
        keep: (remembered) => void (stored = structuredClone(remembered)),
        forget: () => void (stored = undefined),
      },
      ...settings,
    },
    { changed: (events) => fresh.push(...events), forgotten: () => forgotten++, acted: () => acted++, refused() {} },
  );

type Chat = ReturnType<typeof chatWith>;

export async function connected(chat: Chat, ...frames: Parameters<typeof link.frame>[0][]): Promise<Hello> {
  chat.connect();
  return reopened(...frames);
}

export async function reopened(...frames: Parameters<typeof link.frame>[0][]): Promise<Hello> {
  mock.timers.tick(0);
  await link.opened();
  const hello = link.sent[0] as Hello;
  [welcome({ resume: 'secret' }), ...frames].forEach((frame) => link.frame(frame));
  return hello;
}

export const sent = <Type extends ClientFrame['type']>(type: Type) =>
  link.sent.filter((frame) => frame.type === type) as Extract<ClientFrame, { type: Type }>[];
export const ack = (key: string): Frame<'ack'> => ({ type: 'ack', key, seq: 1, at: 0 });

/** What the browser has stored. */
export const store = (remembered: Remembered) => void (stored = remembered);
/** The customer's clock jumps. */
export const jump = (ms: number) => void (skew += ms);

beforeEach(() => {
  stored = undefined;
  fresh = [];
  forgotten = 0;
  acted = 0;
  skew = 0;
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] });
  monotonic = Date.now;
  Object.defineProperty(Date, 'now', { value: () => monotonic() + skew, configurable: true });
  Object.defineProperty(globalThis, 'navigator', { value: { onLine: true }, configurable: true });
  Object.assign(globalThis, {
    location: { origin: 'https://shop.example', pathname: '/bills' },
    document: { title: 'My bills' },
  });
});
afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});
