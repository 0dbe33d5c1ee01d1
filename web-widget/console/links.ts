// Two ways to carry the same frames of staff: a WebSocket, and requests where a network blocks WebSockets.
import type { StaffClientFrame, StaffServerFrame } from '../protocol';

const SUBPROTOCOL = 'plainbill.v1';
/** The server answers a request that waits within ten seconds; one that takes longer is lost, with all that comes after. */
const ANSWER_MS_MAX = 15_000;

/** An open way to the server. What it still says after `close` is of no interest to anybody. */
export type Link = { send(frame: StaffClientFrame): void; close(): void };
export type Heard = { frame(frame: StaffServerFrame): void; closed(): void };
export type OpenLink = (heard: Heard) => Link;

export const overSocket: OpenLink = ({ frame, closed }) => {
  const url = new URL('v1/staff', location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  let socket: WebSocket | undefined;
  try {
    socket = new WebSocket(url.href, SUBPROTOCOL);
    socket.onmessage = ({ data }) => tell(data, frame);
    socket.onclose = socket.onerror = closed;
  } catch {
    // A browser or a policy that allows none at all.
    queueMicrotask(closed);
  }
  return {
    send: (frame) => socket?.readyState === WebSocket.OPEN && socket.send(JSON.stringify(frame)),
    close: () => socket?.close(),
  };
};

/** POST carries frames there, one after the other, the first with none; GET waits for frames back. */
export const overPolling: OpenLink = ({ frame, closed }) => {
  const stop = new AbortController();
  let token = '';

  async function exchange(body?: string) {
    const tooLong = setTimeout(() => stop.abort(), ANSWER_MS_MAX);
    try {
      const response = await fetch(new URL('v1/staff/poll', location.href), {
        method: body ? 'POST' : 'GET',
        headers: { 'content-type': 'application/json', ...(token && { 'x-plainbill-poll': token }) },
        body: body ?? null,
        cache: 'no-store',
        signal: stop.signal,
      });
      // A refusal has no frames, which is as good as a lost answer.
      const answer: { poll: string; frames: StaffServerFrame[] } = await response.json();
      token = answer.poll;
      answer.frames.forEach(frame);
    } finally {
      clearTimeout(tooLong);
    }
  }

  const post = (frames: StaffClientFrame[]) => exchange(JSON.stringify({ frames }));
  async function wait() {
    for (;;) await exchange();
  }

  let posted = post([]);
  posted.then(wait).catch(closed);
  return {
    send(frame) {
      posted = posted.then(() => post([frame]));
      posted.catch(closed);
    },
    close: () => stop.abort(),
  };
};

function tell(data: unknown, frame: (frame: StaffServerFrame) => void) {
  let read: StaffServerFrame;
  try {
    read = JSON.parse(String(data)) as StaffServerFrame;
  } catch {
    // What isn't a frame is passed over.
    return;
  }
  frame(read);
}
