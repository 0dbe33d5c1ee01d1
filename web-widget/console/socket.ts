// The socket of staff: connects, keeps alive, and comes back after a drop.
import type { StaffClientFrame, StaffServerFrame } from '../protocol';

const SUBPROTOCOL = 'plainbill.v1';
const PING_EVERY_MS = 20_000;
const SILENCE_MS_MAX = 45_000;
const LOOK_EVERY_MS = 5_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

export type Link = 'off' | 'connecting' | 'up' | 'down';

export type Listener = {
  frame(frame: StaffServerFrame): void;
  link(link: Link): void;
  /** A connection ended before the server said welcome: perhaps nobody is signed in. */
  unwelcome(): void;
};

/** The wait before the next try: doubled each time, up to half of it left to chance. */
export const backOff = (attempt: number, chance: number): number =>
  Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 10)) * (1 - chance / 2);

export class StaffSocket {
  private socket: WebSocket | undefined;
  private attempt = 0;
  private heardAt = 0;
  private pingedAt = 0;
  private looking: ReturnType<typeof setInterval> | undefined;
  private waiting: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly listener: Listener,
    private readonly connect: () => WebSocket = () => new WebSocket(address(), SUBPROTOCOL),
  ) {}

  start() {
    if (this.socket || this.waiting) return;
    this.open();
  }

  /** Ends it for good, or until the next start. */
  stop() {
    clearTimeout(this.waiting);
    this.waiting = undefined;
    this.attempt = 0;
    this.drop();
    this.listener.link('off');
  }

  /** Tries now instead of at the end of the wait: the network or the page is back. */
  hurry() {
    if (!this.waiting) return;
    clearTimeout(this.waiting);
    this.open();
  }

  /** Sends a frame; false where there is no open socket. */
  send(frame: StaffClientFrame): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  private open() {
    this.waiting = undefined;
    this.listener.link(this.attempt ? 'down' : 'connecting');
    const socket = (this.socket = this.connect());
    let welcomed = false;
    this.heardAt = Date.now();
    this.pingedAt = this.heardAt;
    this.looking = setInterval(() => this.look(), LOOK_EVERY_MS);
    socket.onmessage = ({ data }) => {
      this.heardAt = Date.now();
      const frame = read(data);
      if (!frame) return;
      if (frame.type === 'welcome') {
        welcomed = true;
        this.attempt = 0;
        this.listener.link('up');
      }
      this.listener.frame(frame);
    };
    socket.onclose = () => {
      this.drop();
      if (!welcomed) this.listener.unwelcome();
      this.listener.link('down');
      this.waiting = setTimeout(() => this.open(), backOff(this.attempt++, Math.random()));
    };
  }

  /** A socket that leaves a ping unanswered for too long is dead, whatever the browser believes. */
  private look() {
    const now = Date.now();
    const unanswered = this.heardAt < this.pingedAt;
    if (unanswered && SILENCE_MS_MAX <= now - this.heardAt) {
      const socket = this.socket;
      this.drop();
      this.listener.link('down');
      socket?.close();
      this.waiting = setTimeout(() => this.open(), backOff(this.attempt++, Math.random()));
    } else if (PING_EVERY_MS <= now - this.pingedAt && this.send({ type: 'ping' })) this.pingedAt = now;
  }

  private drop() {
    clearInterval(this.looking);
    const socket = this.socket;
    this.socket = undefined;
    if (!socket) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }
}

function address(): string {
  const url = new URL('/v1/staff', location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

function read(data: unknown): StaffServerFrame | undefined {
  try {
    return JSON.parse(String(data)) as StaffServerFrame;
  } catch {
    return undefined;
  }
}
