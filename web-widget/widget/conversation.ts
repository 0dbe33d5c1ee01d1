// The conversation as one value, and how each frame from the server changes it. Pure: no clock, no page, no storage.
import type { BusinessCard, Hours, ServerFrame, WireEvent, WireLimits } from '../protocol';

/** Somebody's typing shows for this long at most, whatever the server says or forgets to say. */
export const TYPING_MS = 10_000;

export type Conversation = {
  /** Its id. */
  conversation?: string;
  /** The last `seq` that is here; everything up to it is here too. */
  seen: number;
  events: readonly WireEvent[];
  /** What the customer gave, by the `seq` that it is about. */
  scores: Readonly<Record<number, number>>;
  /** Who answers next: `bot`, `queue`, `staff` or `nobody`. */
  owner: string;
  staff?: string;
  /** The place in the queue; of interest while the owner is `queue`. */
  queue?: {
    place: number;
    minutes?: number;
    back?: string /** The opening hours have just begun. */;
    opened?: boolean;
  };
  typing?: { from: string; until: number };
  business?: BusinessCard;
  hours?: Hours;
  limits: WireLimits;
  verified?: string;
};

export const nothing: Conversation = {
  seen: 0,
  events: [],
  scores: {},
  owner: 'bot',
  limits: { text_chars_max: 2000, heartbeat_ms: 20_000 },
};

/** True for an event that came out of turn: something before it was lost on the way. */
export const isGap = ({ seen }: Conversation, frame: ServerFrame) => frame.type === 'event' && frame.seq > seen + 1;

/** The conversation after a frame. Frames that say nothing new, or nothing that we know, change nothing. */
export function step(before: Conversation, frame: ServerFrame, now: number): Conversation {
  switch (frame.type) {
    case 'welcome': {
      const kept =
        frame.reset || (before.conversation && before.conversation !== frame.conversation) ? nothing : before;
      return { ...kept, verified: undefined, typing: undefined, ...frame };
    }
    case 'event':
      return frame.seq > before.seen ? withEvent(before, frame) : before;
    case 'typing':
      return { ...before, typing: frame.on ? { from: frame.from, until: now + TYPING_MS } : undefined };
    case 'queue':
      return withQueue(before, frame);
    default:
      return before;
  }
}

/** Whoever waits hears of the hours too: what the welcome said of them may be over. */
function withQueue(before: Conversation, frame: Extract<ServerFrame, { type: 'queue' }>): Conversation {
  const { back } = frame;
  const hours = before.hours && { ...before.hours, open: !back, back };
  return { ...before, hours, queue: { ...frame, opened: !back && !!before.queue?.back } };
}

function withEvent(before: Conversation, event: WireEvent): Conversation {
  const after: Conversation = { ...before, seen: event.seq, events: [...before.events, event] };
  if (event.from !== 'customer') after.typing = undefined;
  if (event.score != null) after.scores = { ...before.scores, [event.about!]: event.score };
  if (event.owner) {
    after.owner = event.owner;
    after.staff = event.name;
  }
  return after;
}

/** Whether an event is something that was said, so that it stands in a bubble. */
export const isSaid = ({ kind, text, card }: WireEvent) =>
  !/owner|survey|rating|verified/.test(kind) && Boolean(text || card);

/** The event whose choices may be tapped now: the last thing said, while it is the bot's. */
export function openChoices({ events, owner }: Conversation): WireEvent | undefined {
  const last = events.findLast(isSaid);
  return last?.choices && last.from === 'bot' && owner !== 'nobody' ? last : undefined;
}

/** The survey that waits for an answer: the last event that shows is one, and has no score. */
export function openSurvey({ events, scores }: Conversation): WireEvent | undefined {
  const last = events.findLast((event) => event.kind === 'survey' || isSaid(event));
  return last?.kind === 'survey' && scores[last.seq] == null ? last : undefined;
}

/** How many messages from our side came after the last one that was on the screen. */
export const unread = ({ events }: Conversation, read: number) =>
  events.filter((event) => event.seq > read && isSaid(event) && event.from !== 'customer').length;
