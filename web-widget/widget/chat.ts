// The chat without its looks: what was said, what is on its way, who the customer is, what is remembered.
import type { ClientFrame, ServerFrame, WireEvent } from '../protocol';
import { backoff, makeConnection, type Status } from './connection';
import { type Conversation, isGap, nothing, step, unread } from './conversation';
import { type Ask, claims, fetchToken, type Token } from './identity';
import type { OpenLink } from './links';
import type { Memory } from './memory';
import * as box from './outbox';

/** The server hears of typing this often at most. */
const TYPING_EVERY_MS = 3_000;
/** Without a key pressed for this long, the customer has stopped typing. */
const TYPING_PAUSE_MS = 5_000;

/** The page is asked for the next token this long before the last one ends. */
const RENEW_EARLY_MS = 60_000;
/** And not more often than this. */
const RENEW_EVERY_MS = 15_000;

export type Settings = {
  socket: OpenLink;
  polling: OpenLink;
  memory: Memory;
  identityUrl?: string;
  locale?: string;
};

export type Watcher = {
  /** Something changed; `fresh` came in just now, rather than from before. */
  changed(fresh: readonly WireEvent[]): void;
  /** Nothing of the customer's may stay on the screen. */
  forgotten(): void;
  /** A token was refused: the page may give another. */
  refused(): void;
};

export type Chat = ReturnType<typeof makeChat>;

export function makeChat({ socket, polling, memory, identityUrl, locale }: Settings, watcher: Watcher) {
  let { conversation: id, resume, subject: whose, outbox = [], draft = '', read = 0 } = memory.recall();
  let conversation: Conversation = nothing;
  let status: Status = 'off';
  let token: Token;
  /** Where tokens come from; none where the page gives them by itself. */
  let ask: Ask | undefined = identityUrl ? () => fetchToken(identityUrl) : undefined;
  let renewAt = Infinity;
  let remembers = Boolean(id || outbox.length);
  /** How often the server refused who the customer is, since it last welcomed them. */
  let refused = 0;
  /** What is not newer than this was said before the page was loaded. */
  let replayed = 0;
  /** When the server last heard of typing; 0 when it has stopped. */
  let typingTold = 0;
  let typingPause: ReturnType<typeof setTimeout>;

  /** A token from the page, and when to ask for the next. */
  const vouch = async (): Promise<Token> => {
    renewAt = Infinity;
    if (token || !ask) return token;
    try {
      const fresh = await ask();
      if (fresh) renewAt = Math.max(claims(fresh).exp! * 1_000 - RENEW_EARLY_MS, Date.now() + RENEW_EVERY_MS);
      return fresh;
    } catch {
      return undefined;
    }
  };

  /** Asks while the link is open. A page that cannot say is asked again later; nobody signed in means signed out. */
  const renew = async () => {
    const fresh = await vouch();
    if (fresh) accept(fresh);
    else if (fresh === undefined) renewAt = Date.now() + RENEW_EVERY_MS;
    else if (whose) forget();
  };

  const accept = (fresh: string) => {
    const who = claims(fresh).sub;
    if (whose && who !== whose) forget();
    else if (connection.send({ type: 'identify', token: fresh })) whose = who;
    else wake(true);
  };

  const hello = async (): Promise<ClientFrame> => {
    const vouched = refused > 1 ? undefined : await vouch();
    const who = vouched && claims(vouched).sub;
    if (whose && vouched !== undefined && who !== whose) wipe();
    whose = who || whose;
    return {
      type: 'hello',
      conversation: id,
      resume,
      after: conversation.seen,
      identity: vouched || undefined,
      locale,
      page: { url: location.origin + location.pathname, title: document.title },
    };
  };

  const hear = (frame: ServerFrame) => {
    const before = conversation;
    let fresh: WireEvent[] = [];
    if (frame.type === 'error') return refusal(frame);
    if (isGap(conversation, frame)) return connection.reconnect();
    conversation = step(conversation, frame, Date.now());
    if (frame.type === 'welcome') {
      if (id !== frame.conversation) {
        read = 0;
        resume = undefined;
      }
      if (!conversation.seen) replayed = frame.seq;
      id = frame.conversation;
      resume = frame.resume ?? resume;
      refused = 0;
    } else if (frame.type === 'ack') outbox = box.acked(outbox, frame.key);
    else if (frame.type === 'event' && conversation !== before) {
      if (frame.key) outbox = box.without(outbox, frame.key);
      if (frame.from === 'customer') remembers = true;
      if (frame.seq > replayed) fresh = [frame];
    }
    changed(fresh);
  };

  const refusal = ({ key, code, message, retry_after_ms }: Extract<ServerFrame, { type: 'error' }>) => {
    if (key && box.passes(code)) setTimeout(sendEntry, retry_after_ms ?? backoff(3, Math.random()), key);
    else if (key) {
      outbox = box.change(outbox, key, { state: 'failed', reason: message });
      changed();
    } else if (code === 'bad_identity') {
      refused++;
      if (ask) token = undefined;
      if (status !== 'open') connection.reconnect(0);
      watcher.refused();
    } else if (status !== 'open') {
      const lost = code === 'not_found' && id;
      if (lost) id = resume = undefined;
      connection.reconnect(lost ? 0 : retry_after_ms);
    }
  };

  const put = (words: box.Unkeyed, shown?: string) => {
    // Not a UUID: browsers make those on secure pages only.
    const frame = { ...words, key: crypto.getRandomValues(new Uint32Array(4)).join('-') };
    remembers = true;
    outbox = box.put(outbox, frame, Date.now(), shown);
    changed();
    connection.open();
    connection.send(frame);
  };

  /** Sends everything that the server has not acked. */
  const flush = () => {
    box.toSend(outbox).forEach(connection.send);
  };

  const sendEntry = (key: string) => {
    box.toSend(outbox).filter((frame) => frame.key === key).forEach(connection.send);
  };

  const tellTyping = (on: boolean) => {
    const now = Date.now();
    clearTimeout(typingPause);
    if (on) typingPause = setTimeout(tellTyping, TYPING_PAUSE_MS, false);
    if (on ? now - typingTold < TYPING_EVERY_MS : !typingTold) return;
    typingTold = on ? now : 0;
    connection.send({ type: 'typing', on });
  };

  const wipe = () => {
    conversation = { ...nothing, business: conversation.business };
    outbox = [];
    draft = '';
    read = 0;
    id = resume = whose = undefined;
    remembers = false;
    memory.forget();
    watcher.forgotten();
    watcher.changed([]);
  };

  /** Nothing of the customer's stays on the screen, in memory or in storage. */
  const forget = () => {
    wipe();
    if (status !== 'off') connection.reconnect(0);
  };

  const wake = (suspect: boolean) => {
    if (status === 'open' && !suspect) flush();
    else if (status !== 'off') connection.reconnect(0);
  };

  const changed = (fresh: readonly WireEvent[] = []) => {
    remember();
    watcher.changed(fresh);
  };

  const remember = () => {
    if (remembers) memory.keep({ conversation: id, resume, subject: whose, outbox, draft, read });
  };

  const connection = makeConnection(socket, polling, {
    hello,
    frame: hear,
    status(now) {
      status = now;
      if (now === 'open') flush();
      watcher.changed([]);
    },
  });

  return {
    /** How everything stands now; `remembers` says that there is a conversation from before. */
    now: () => ({ conversation, outbox, status, draft, remembers, unread: unread(conversation, read) }),

    connect: connection.open,
    forget,

    /** The network or the page came back: what was waiting is tried at once; a suspect link is replaced. */
    wake,

    say(text: string) {
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
      outbox = box.change(outbox, key, { state: 'sending', at: Date.now() });
      changed();
      sendEntry(key);
    },

    /** Keeps what is being written, and lets the other side know that it is. */
    write(text: string) {
      draft = text;
      remember();
      tellTyping(text.trim() !== '');
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
    identify(fresh: string | Ask) {
      refused = 0;
      if (typeof fresh === 'string') return accept((token = fresh));
      ask = fresh;
      token = undefined;
      if (status === 'open') return void renew();
      wake(true);
    },

    /** The customer signed out. */
    logout() {
      token = undefined;
      forget();
    },

    /** Time has passed: old entries are given up, old typing fades, a token ends. */
    tick() {
      const now = Date.now();
      if (status === 'open' && renewAt <= now) void renew();
      const patient = box.expired(outbox, now);
      const fades = (conversation.typing?.until ?? now + 1) <= now;
      if (fades) conversation = { ...conversation, typing: undefined };
      if (!fades && patient === outbox) return;
      outbox = patient;
      changed();
    },
  };
}
