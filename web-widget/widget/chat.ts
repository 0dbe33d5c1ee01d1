// The chat without its looks: what was said, what is on its way, who the customer is, what is remembered.
import type { ClientFrame, ServerFrame, WireEvent } from '../protocol';
import { isBlank, tidy } from '../shared/text';
import { backoff, makeConnection, type Status } from './connection';
import { type Conversation, isGap, isSaid, nothing, step, unread } from './conversation';
import { type Ask, claims, fetchToken, SILENCE, type Token } from './identity';
import type { OpenLink } from './links';
import type { Memory, Remembered } from './memory';
import * as box from './outbox';
import { makeVoucher } from './voucher';
import * as words from './words';

/** The server hears of typing this often at most. */
const TYPING_EVERY_MS = 3_000;
/** Without a key pressed for this long, the customer has stopped typing. */
const TYPING_PAUSE_MS = 5_000;

/** Time that passed by in one step of the page's own: it slept. */
const SLEPT_MS = 5_000;
/** The page's title and address are cut to this many letters. */
const PAGE_LETTERS_MAX = 200;

export type Settings = {
  socket: OpenLink;
  polling: OpenLink;
  memory: Memory;
  identityUrl?: string;
  locale?: string;
  /** Milliseconds that only ever go on; the customer's clock may jump. */
  now?: () => number;
};

export type Watcher = {
  /** Something changed; `fresh` came in just now, rather than from before. */
  changed(fresh: readonly WireEvent[]): void;
  /** The screen starts anew: of what was on it, nothing may stay. */
  forgotten(): void;
  /** The customer has done something: they look for it, and for the answer, at the end. */
  acted(): void;
  /** A token was refused: the page may give another. */
  refused(): void;
};

export type Chat = ReturnType<typeof makeChat>;

const cut = (text: string) => [...text].slice(0, PAGE_LETTERS_MAX).join('');

export function makeChat(settings: Settings, watcher: Watcher) {
  const { socket, polling, memory, identityUrl, locale, now = () => performance.now() } = settings;
  let {
    conversation: id,
    resume,
    subject: whose,
    outbox = [],
    draft = '',
    read = 0,
    aside,
  }: Remembered = memory.recall();
  let conversation: Conversation = nothing;
  let status: Status = 'off';
  /** Whom the last hello was about. */
  let claimed: string | undefined;
  /** Whose the conversation was before the last token. */
  let before: string | undefined;
  /** How far the server's clock is ahead of `now`. */
  let ahead = Date.now() - now();
  /** Seconds for which this page has been awake. */
  let seconds = 0;
  let awakeAt = Date.now();
  /** How much the next hello leaves out, because the server could not read the last. */
  let bare = 0;
  let remembers = Boolean(id || outbox.length || aside);
  outbox = outbox.map((entry) => ({ ...entry, since: 0 }));
  /** What is not newer than this was said before the page was loaded. */
  let replayed = 0;
  /** When the server last heard of typing; nothing when it has stopped. */
  let typingTold: number | undefined;
  let typingPause: ReturnType<typeof setTimeout>;
  /** What the server has acked on this link; what shows as words stays in the outbox until its event. */
  const had = new Set<string>();
  /** The one that waits for its ack. The next goes after it, so that all arrive in the order in which they were said. */
  let underWay: string | undefined;
  /** While the server wants a pause, everything waits. */
  let pause: ReturnType<typeof setTimeout> | undefined;

  /** Nobody has waited for this: the page's word came late, or was asked for the next token. */
  const hearPage = (word: Token) => {
    if (word) accept(word);
    else if (word === null) signedOut();
    else if (whose && !(word === SILENCE && voucher.lasting())) leave();
  };

  const voucher = makeVoucher(
    { now, server: () => now() + ahead },
    hearPage,
    identityUrl ? () => fetchToken(identityUrl) : undefined,
  );

  const accept = (fresh: string) => {
    const who = claims(fresh).sub;
    if (aside && takeBack(who)) return wake(true);
    if (whose && who !== whose) forget();
    else if (connection.send({ type: 'identify', token: fresh })) {
      before = whose;
      whose = who;
      remember();
      flush();
    } else wake(true);
  };

  const signedOut = () => {
    aside = undefined;
    if (whose) forget();
    else remember();
  };

  /** Only a good token opens a customer's conversation: without one it is put aside, with somebody else's it is forgotten. */
  const prove = (word: Token) => {
    const who = word ? claims(word).sub : undefined;
    if (word === null) aside = undefined;
    if (aside && who) takeBack(who);
    if (whose && who !== whose) word === undefined ? putAside() : wipe();
    claimed = who;
  };

  /** Closes a customer's conversation on this page until the page vouches for them again. */
  const putAside = () => {
    aside = { conversation: id, resume, subject: whose, outbox, draft, read };
    clear();
  };

  const leave = () => {
    putAside();
    wake(true);
  };

  /** What was put aside goes on, if it is theirs. Where something else was said meanwhile, that goes on, with what was not sent. */
  const takeBack = (who?: string): boolean => {
    const { subject, outbox: waiting = [], ...old } = aside!;
    aside = undefined;
    const mine = subject === who;
    const goesOn = mine && !outbox.length && !conversation.events.some(isSaid);
    if (mine) outbox = [...fromNow(waiting), ...outbox];
    if (goesOn) {
      ({ conversation: id, resume, draft = '', read = 0 } = old);
      whose = subject;
      conversation = { ...nothing, business: conversation.business };
      watcher.forgotten();
    }
    changed();
    return goesOn;
  };

  /** Nobody knows how long a page was away: patience begins anew. */
  const fromNow = (waiting: box.Outbox) => waiting.map((entry) => ({ ...entry, since: seconds }));

  /** Another tab of theirs may have begun the conversation meanwhile. */
  const adopt = (who?: string): boolean => {
    const { conversation: other, subject, ...rest } = memory.peek();
    if (id || aside || !other || (subject && subject !== who)) return false;
    id = other;
    ({ resume, read = 0 } = rest);
    whose = subject;
    return true;
  };

  const hello = async (): Promise<ClientFrame> => {
    const word = bare ? undefined : await voucher.word();
    adopt(word ? claims(word).sub : undefined);
    prove(word);
    // Another tab may have got a new secret.
    const stored = memory.peek();
    if (stored.conversation === id) resume = stored.resume ?? resume;
    const known: ClientFrame = { type: 'hello', conversation: id, resume, after: conversation.seen };
    if (bare) return bare > 1 ? { type: 'hello' } : known;
    return {
      ...known,
      identity: word || undefined,
      locale,
      page: { url: cut(location.origin + location.pathname), title: cut(document.title) },
    };
  };

  const hear = (frame: ServerFrame) => {
    const last = conversation;
    let fresh: WireEvent[] = [];
    if (frame.type === 'error') return refusal(frame);
    if (isGap(conversation, frame)) return connection.reconnect();
    if (frame.type === 'welcome' && frame.resume && adopt(claimed)) return connection.reconnect(0);
    conversation = step(conversation, frame, now());
    if (frame.type === 'welcome') {
      if (id !== frame.conversation) {
        read = 0;
        resume = undefined;
      }
      if (!conversation.seen) replayed = frame.seq;
      id = frame.conversation;
      resume = frame.resume ?? resume;
      before = whose = claimed ?? whose;
      if (frame.at) ahead = frame.at - now();
      voucher.believed();
    } else if (frame.type === 'resume') resume = frame.resume;
    else if (frame.type === 'ack') {
      had.add(frame.key);
      outbox = box.acked(outbox, frame.key);
    } else if (frame.type === 'event' && conversation !== last) {
      if (frame.key) outbox = box.without(outbox, frame.key);
      if (frame.from === 'customer') remembers = true;
      if (frame.seq > replayed) fresh = [frame];
    }
    changed(fresh);
    flush();
  };

  const refusal = ({ key, code, message, retry_after_ms }: Extract<ServerFrame, { type: 'error' }>) => {
    if (key && box.passes(code)) rest(retry_after_ms ?? backoff(3, Math.random()));
    else if (key) fail(key, message);
    else if (code === 'bad_identity') {
      console.warn('plainbill', message);
      voucher.refused();
      if (status !== 'open') connection.reconnect(0);
      else if (before) leave();
      else whose = undefined;
      watcher.refused();
    } else if (status !== 'open') {
      const lost = code === 'not_found' && id;
      const shorter = /malformed|too_large/.test(code) && bare++ < 2;
      if (lost) id = resume = undefined;
      remember();
      connection.reconnect(lost || shorter ? 0 : retry_after_ms);
    }
  };

  /** It can't succeed as it is: the customer is told once, and nothing behind it waits. */
  const fail = (key: string, reason: string) => {
    outbox = box.change(outbox, key, { state: 'failed', reason });
    changed();
    flush();
  };

  const put = (words: box.Unkeyed, shown?: string) => {
    // Not a UUID: browsers make those on secure pages only.
    const frame = { ...words, key: crypto.getRandomValues(new Uint32Array(4)).join('-') };
    remembers = true;
    outbox = box.put(outbox, frame, seconds, shown);
    changed();
    watcher.acted();
    connection.open();
    flush();
  };

  /** Sends the first that the server has not acked. What is too long for the server never reaches it. */
  const flush = () => {
    const frame = box.toSend(outbox).find(({ key }) => !had.has(key));
    if (!frame || frame.key === underWay || pause || status !== 'open') return;
    const over = frame.type === 'say' ? lettersOver(frame.text) : 0;
    if (over > 0) return fail(frame.key, words.tooLong(over));
    underWay = frame.key;
    connection.send(frame);
  };

  /** Everything that waits is sent again after this time. */
  const rest = (ms?: number) => {
    clearTimeout(pause);
    underWay = pause = undefined;
    if (ms == null) flush();
    else pause = setTimeout(rest, ms);
  };

  const lettersOver = (text: string) => [...text].length - conversation.limits.text_chars_max;

  const tellTyping = (on: boolean) => {
    clearTimeout(typingPause);
    if (on) typingPause = setTimeout(tellTyping, TYPING_PAUSE_MS, false);
    if (on ? now() - typingTold! < TYPING_EVERY_MS : typingTold == null) return;
    typingTold = on ? now() : undefined;
    connection.send({ type: 'typing', on });
  };

  /** The screen and what is in hand start anew. */
  const clear = () => {
    conversation = { ...nothing, business: conversation.business };
    outbox = [];
    draft = '';
    read = 0;
    id = resume = whose = before = undefined;
    watcher.forgotten();
    changed();
  };

  const wipe = () => {
    aside = undefined;
    remembers = false;
    memory.forget();
    clear();
  };

  /** Nothing of the customer's stays on the screen, in memory or in storage. */
  const forget = () => {
    wipe();
    if (status !== 'off') connection.reconnect(0);
  };

  const wake = (suspect: boolean) => {
    if (suspect && status !== 'off') return connection.reconnect(0);
    connection.probe();
    rest();
  };

  const changed = (fresh: readonly WireEvent[] = []) => {
    remember();
    watcher.changed(fresh);
  };

  const remember = () => {
    if (remembers) memory.keep({ conversation: id, resume, subject: whose, outbox, draft, read, aside });
  };

  const connection = makeConnection(socket, polling, {
    hello,
    frame: hear,
    status(now) {
      status = now;
      had.clear();
      rest();
      watcher.changed([]);
    },
  });

  return {
    /** How everything stands now; `remembers`: there is a conversation from before, `closed`: one that waits for the page's word. */
    now: () => ({
      conversation,
      outbox,
      status,
      draft,
      remembers,
      closed: Boolean(aside),
      unread: unread(conversation, read),
    }),

    connect: connection.open,
    forget,

    /** The network or the page came back: what was waiting is tried at once; a suspect link is replaced. */
    wake,

    lettersOver,

    say(said: unknown) {
      const text = tidy(`${said ?? ''}`);
      if (isBlank(text)) return;
      draft = '';
      tellTyping(false);
      put({ type: 'say', text }, text);
    },

    choose(choice: string, label: string) {
      put({ type: 'choose', choice }, label);
    },

    rate(about: number, score: number, comment?: string) {
      put({ type: 'rate', about, score, comment });
    },

    end() {
      put({ type: 'end' });
    },

    retry(key: string) {
      outbox = box.change(outbox, key, { state: 'sending', since: seconds, reason: undefined });
      changed();
      rest();
    },

    /** The customer does without it. */
    drop(key: string) {
      outbox = box.without(outbox, key);
      changed();
    },

    /** Keeps what is being written, and lets the other side know that it is. */
    write(text: string) {
      draft = text;
      remember();
      tellTyping(!isBlank(text));
    },

    /** Everything that is here is on the screen. */
    see() {
      const { seen } = conversation;
      if (seen <= read) return;
      read = seen;
      connection.send({ type: 'seen', seq: seen });
      remember();
    },

    /** The page says who the customer is, or how to ask. Somebody else than before starts with an empty screen. */
    identify(fresh: unknown) {
      bare = 0;
      if (typeof fresh === 'function') {
        voucher.askBy(fresh as Ask);
        return status === 'open' ? voucher.hurry() : wake(true);
      }
      const word = voucher.trust(fresh);
      hearPage(word);
      if (word === undefined) watcher.refused();
    },

    /** The customer signed out. */
    logout() {
      voucher.forget();
      forget();
    },

    /** Time has passed: old entries are given up, old typing fades, a token ends. */
    tick() {
      const slept = Date.now() - awakeAt > SLEPT_MS;
      awakeAt = Date.now();
      seconds++;
      if (slept) wake(false);
      if (status === 'open') voucher.renew();
      const patient = box.expired(outbox, seconds);
      const fades = (conversation.typing?.until ?? Infinity) <= now();
      if (fades) conversation = { ...conversation, typing: undefined };
      if (!fades && patient === outbox) return;
      outbox = patient;
      changed();
      flush();
    },
  };
}
