// Two ways to carry the same frames: a WebSocket, and requests where a network blocks WebSockets.
import type { ClientFrame, ServerFrame } from '../protocol';

/** An open way to the server. What it still says after `close` is of no interest to anybody. */
export type Link = { send(frame: ClientFrame): void; close(): void };
export type Listener = { opened(): void; frame(frame: ServerFrame): void; closed(): void };
export type OpenLink = (listener: Listener) => Link;

export const overWebSocket =
  (base: string): OpenLink =>
  ({ opened, frame, closed }) => {
    const socket = new WebSocket(`${base.replace('http', 'ws')}v1/chat`, 'plainbill.v1');
    socket.onopen = opened;
    socket.onmessage = ({ data }) => frame(JSON.parse(data));
    socket.onclose = socket.onerror = closed;
    return {
      send: (frame) => socket.send(JSON.stringify(frame)),
      close: () => socket.close(),
    };
  };

/** POST carries frames there, one after the other; GET waits for frames back once the `hello` was answered. */
export const overPolling =
  (base: string): OpenLink =>
  ({ opened, frame, closed }) => {
    const stop = new AbortController();
    let token = '';
    let posted: Promise<unknown> = Promise.resolve();

    async function exchange(body?: string) {
      const response = await fetch(`${base}v1/poll`, {
        method: body ? 'POST' : 'GET',
        headers: { 'Content-Type': 'application/json', ...(token && { 'X-Plainbill-Poll': token }) },
        body,
        credentials: 'omit',
        signal: stop.signal,
      });
      const answer: { poll: string; frames: ServerFrame[] } = await response.json();
      token = answer.poll;
      answer.frames.forEach(frame);
    }

    async function wait() {
      for (;;) await exchange();
    }

    queueMicrotask(opened);
    return {
      send(frame) {
        posted = posted.then(() => exchange(JSON.stringify({ frames: [frame] })));
        (frame.type === 'hello' ? posted.then(wait) : posted).catch(closed);
      },
      close: () => stop.abort(),
    };
  };
