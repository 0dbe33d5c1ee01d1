// Tells the customer that somebody is typing: now and then while it lasts, and once when it stops.

/** At most one "is typing" in this time; the customer's screen shows each for ten seconds at most. */
const REPEAT_MS = 3_000;
/** A pause of this length is the end of it. */
const PAUSE_MS = 4_000;

export function typingOf(tell: (conversation: string, on: boolean) => void) {
  let toldAt = 0;
  let where: string | undefined;
  let pause: ReturnType<typeof setTimeout> | undefined;

  const stop = (conversation: string) => {
    clearTimeout(pause);
    if (where !== conversation) return;
    where = undefined;
    tell(conversation, false);
  };
  const wrote = (conversation: string) => {
    if (where !== undefined && where !== conversation) stop(where);
    const now = Date.now();
    if (where === undefined || REPEAT_MS <= now - toldAt) {
      toldAt = now;
      tell(conversation, true);
    }
    where = conversation;
    clearTimeout(pause);
    pause = setTimeout(() => stop(conversation), PAUSE_MS);
  };
  return { wrote, stop };
}
