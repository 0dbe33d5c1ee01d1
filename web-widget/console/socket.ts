// Keeps one link of staff open: asks whether it lives, comes back after a drop, and goes another way where sockets are blocked.
import type { StaffClientFrame, StaffServerFrame } from '../protocol';
import { type OpenLink, overPolling, overSocket, type Link as Way } from './links';

/** A link that isn't welcomed within this time has failed. */
const WELCOME_MS = 10_000;
const PING_EVERY_MS = 10_000;
/** A link that leaves a ping unanswered for this long is dead, whatever the browser believes. */
const ANSWER_MS = 8_000;
/** After a sleep or a change of the network it has no longer than this. */
const ANSWER_AT_WAKE_MS = 2_000;
const LOOK_EVERY_MS = 1_000;
/** A look that comes this much later than it should has been slept through. */
const SLEPT_MS = 4_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** A try that has heard nothing for this long when the page or the network comes back is made anew. */
const HANGS_MS = 2_000;
/** After so many sockets in a row that never spoke, the next try goes by requests. */
const BLOCKED_AFTER = 2;

/** `checking`: it was up, and whether it still is nobody knows until the server has answered. */
export type Link = 'off' | 'connecting' | 'checking' | 'up' | 'down';

export type Listener = {
  frame(frame: StaffServerFrame): void;
  link(link: Link): void;
  /** A connection ended before the server said welcome: perhaps nobody is signed in. */
  unwelcome(): void;
};

/** The wait before the next try: doubled each time, up to half of it left to chance. */
export const backOff = (attempt: number, chance: number): number =>
  Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 10)) * (1 - chance / 2);

type Timer = ReturnType<typeof setTimeout> | undefined;

export class StaffSocket {
  private way: Way | undefined;
  private state: Link = 'off';
  private polls = false;
  private welcomed = false;
  private openedAt = 0;
  private attempt = 0;
  private blocked = 0;
  private lookedAt = 0;
  /** How long an answer may take that is waited for. */
  private answerMs = Infinity;
  private looking: Timer;
  private pinging: Timer;
  private dead: Timer;
  private waiting: Timer;

  constructor(
    private readonly listener: Listener,
    private readonly bySocket: OpenLink = overSocket,
    private readonly byPolling: OpenLink = overPolling,
  ) {}

  start() {
    if (this.way || this.waiting) return;
    this.lookedAt = Date.now();
    this.looking = setInterval(() => this.look(), LOOK_EVERY_MS);
    this.open();
  }

  /** Ends it for good, or until the next start. */
  stop() {
    clearInterval(this.looking);
    this.attempt = this.blocked = 0;
    this.drop();
    this.become('off');
  }

  /**
   * The page or the network is back: a link that waits for its next try makes it now, one that seems to be up has to
   * prove it. Where it was `asleep`, nothing counts as known until it has.
   */
  wake(asleep = false) {
    const hangs = this.way && !this.welcomed && HANGS_MS <= Math.abs(Date.now() - this.openedAt);
    if (this.waiting || hangs) return this.open();
    if (this.state !== 'up') return;
    // A request that slept may have lost its answer, and no other request can tell.
    if (this.polls) return this.open();
    if (asleep) this.become('checking');
    this.ping(ANSWER_AT_WAKE_MS);
  }

  /** Sends a frame; false where no link is open. */
  send(frame: StaffClientFrame): boolean {
    if (this.state !== 'up' && this.state !== 'checking') return false;
    this.way?.send(frame);
    return true;
  }

  private open() {
    this.drop();
    this.become(this.attempt ? 'down' : 'connecting');
    const polls = (this.polls = BLOCKED_AFTER <= this.blocked);
    this.welcomed = false;
    this.openedAt = Date.now();
    const way: Way = (polls ? this.byPolling : this.bySocket)({
      frame: (frame) => {
        if (this.way !== way) return;
        this.alive();
        if (frame.type === 'welcome') {
          this.welcomed = true;
          this.attempt = 0;
          if (!polls) this.blocked = 0;
          this.pinging = setInterval(() => this.ping(ANSWER_MS), PING_EVERY_MS);
        }
        if (this.welcomed) this.become('up');
        this.listener.frame(frame);
      },
      closed: () => {
        if (this.way !== way) return;
        if (polls) this.blocked = 0;
        else if (!this.welcomed && navigator.onLine) this.blocked++;
        this.lost();
      },
    });
    this.way = way;
    this.dead = setTimeout(() => {
      if (!polls && navigator.onLine) this.blocked++;
      this.lost();
    }, WELCOME_MS);
  }

  private ping(answerMs: number) {
    this.way?.send({ type: 'ping' });
    // Asked once more, it gets no more time than it had.
    if (this.answerMs <= answerMs) return;
    this.answerMs = answerMs;
    clearTimeout(this.dead);
    // A link that doesn't answer is replaced at once; if that fails too, the waits begin.
    this.dead = setTimeout(() => this.open(), answerMs);
  }

  private lost() {
    this.drop();
    this.become('down');
    this.waiting = setTimeout(() => this.open(), backOff(this.attempt++, Math.random()));
    if (!this.welcomed) this.listener.unwelcome();
  }

  /** Notices that this page was asleep: timers stand still then. */
  private look() {
    const now = Date.now();
    const slept = LOOK_EVERY_MS + SLEPT_MS < Math.abs(now - this.lookedAt);
    this.lookedAt = now;
    // In a page that nobody sees timers are late as a rule.
    if (slept) this.wake(document.visibilityState === 'visible');
  }

  private alive() {
    clearTimeout(this.dead);
    this.answerMs = Infinity;
  }

  private drop() {
    clearInterval(this.pinging);
    this.alive();
    clearTimeout(this.waiting);
    this.waiting = undefined;
    const way = this.way;
    this.way = undefined;
    way?.close();
  }

  private become(to: Link) {
    if (this.state === to) return;
    this.state = to;
    this.listener.link(to);
  }
}
