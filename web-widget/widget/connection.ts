// Keeps one link to the server open: hello, heartbeat, back-off, and another way where WebSockets are blocked.
import type { ClientFrame, ServerFrame } from '../protocol';
import type { Link, Listener, OpenLink } from './links';

const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 30_000;
/** A link without a word from the server for this long is dead. */
const SILENCE_MS = 45_000;
/** When the page wakes up, a link that gives no sign of life for this long is dead. */
const LIFE_MS = 2_000;
/** A link that is not welcomed within this time has failed. */
const WELCOME_MS = 10_000;
/** After so many WebSockets in a row that never spoke, the next try is polling. */
const BLOCKED_AFTER = 2;

/** How long to wait before try number `tries` (from 0): doubling, half of it by chance so that clients spread out. */
export const backoff = (tries: number, chance: number) =>
  (Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** tries) * (1 + chance)) / 2;

export type Status = 'off' | 'connecting' | 'open';

export type Connected = {
  /** The first frame of a link; may take a moment where an identity must be fetched. */
  hello(): Promise<ClientFrame>;
  frame(frame: ServerFrame): void;
  status(status: Status): void;
};

export type Connection = ReturnType<typeof makeConnection>;

export function makeConnection(overSocket: OpenLink, overPolling: OpenLink, client: Connected) {
  let status: Status = 'off';
  let link: Link | undefined;
  let tries = 0;
  let blocked = 0;
  let retry: Timer, silence: Timer, beat: Timer;

  const connect = () => {
    drop();
    become('connecting');
    const polling = blocked >= BLOCKED_AFTER;
    let heard = false;
    const listener: Listener = {
      async opened() {
        const hello = await client.hello();
        if (link === mine) mine.send(hello);
      },
      frame(frame) {
        if (link !== mine) return;
        heard = true;
        hear(frame);
      },
      closed() {
        if (link !== mine) return;
        if (polling) blocked = 0;
        else if (!heard && navigator.onLine) blocked++;
        reconnect();
      },
    };
    const mine = (link = (polling ? overPolling : overSocket)(listener));
    silence = setTimeout(listener.closed, WELCOME_MS);
  };

  const hear = (frame: ServerFrame) => {
    const mine = link;
    const welcome = frame.type === 'welcome';
    clearTimeout(silence);
    silence = setTimeout(reconnect, SILENCE_MS);
    if (frame.type === 'going_away') return reconnect(frame.retry_after_ms);
    client.frame(frame);
    if (!welcome || link !== mine) return;
    clearInterval(beat);
    // A link that lasts until its first heartbeat was a good one: the back-off starts anew.
    beat = setInterval(() => {
      tries = 0;
      send({ type: 'ping' });
    }, frame.limits.heartbeat_ms);
    become('open');
  };

  /** Drops the link and comes back after `waitMs`, or after the back-off. */
  const reconnect = (waitMs = backoff(tries++, Math.random())) => {
    drop();
    become('connecting');
    retry = setTimeout(connect, waitMs);
  };

  /** True when the frame is on its way; anything that must not be lost stays in the outbox either way. */
  const send = (frame: ClientFrame) => {
    if (status === 'open') link!.send(frame);
    return status === 'open';
  };

  const drop = () => {
    [retry, silence, beat].forEach(clearTimeout);
    const old = link;
    link = undefined;
    old?.close();
  };

  const become = (next: Status) => {
    if (status !== next) client.status((status = next));
  };

  return {
    send,
    reconnect,

    /** The page was away: an open link must answer at once or is replaced, a wait for the next one is over. */
    probe() {
      if (send({ type: 'ping' })) {
        clearTimeout(silence);
        silence = setTimeout(reconnect, LIFE_MS, 0);
      } else if (status !== 'off') reconnect(0);
    },

    /** Connects unless it does so already. */
    open() {
      if (status === 'off') connect();
    },
  };
}

type Timer = ReturnType<typeof setTimeout> | undefined;
