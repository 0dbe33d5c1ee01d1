// When the page is asked who the customer is, and how long its word counts.
import { type Ask, claims, good, noToken, notSilence, SILENCE, type Token } from './identity';

/** A connection waits for the page's word this long at most; then it goes on without. */
const WAIT_MS = 3_000;
/** A page that has not answered by then is asked again. */
const ANSWER_MS = 60_000;
/** The page is asked for the next token this long before the last one ends. */
const RENEW_EARLY_MS = 60_000;
/** And not more often than this. */
const RENEW_EVERY_MS = 15_000;
/** So often the server may refuse the page's tokens before it hears of none. */
const REFUSED_MAX = 2;

export type Clock = {
  /** Milliseconds that only ever go on, whatever the customer's clock does. */
  now(): number;
  /** The server's time, in milliseconds since 1970. */
  server(): number;
};

const pause = (ms: number) => new Promise<Token>((resolve) => setTimeout(resolve, ms, SILENCE));

/** `late` hears what the page says when nobody waits for it any more, or when it was asked for the next token. */
export function makeVoucher(clock: Clock, late: (token: Token) => void, ask?: Ask) {
  /** What the page gave by itself. */
  let given: Token;
  /** The last token that the page was asked for. */
  let last: Token;
  let question: Promise<Token> | undefined;
  let askedAt = 0;
  let endsAt = Infinity;
  let refused = 0;

  const answer = async (): Promise<Token> => {
    try {
      const said = await ask!();
      return said === SILENCE ? said : good(said);
    } catch (fault) {
      return noToken(fault);
    }
  };

  const askPage = (): Promise<Token> => {
    askedAt = clock.now();
    endsAt = Infinity;
    const mine: Promise<Token> = Promise.race([answer(), pause(ANSWER_MS)]).then((said) => {
      if (question !== mine) return said;
      if (said !== SILENCE) last = said;
      endsAt = said === null ? Infinity : said ? ends(said) : -Infinity;
      return said;
    });
    return (question = mine);
  };

  const hearLate = (mine: Promise<Token>) =>
    mine.then((said) => {
      if (question === mine) late(said);
    });

  const begin = () => {
    refused = 0;
    given = last = question = undefined;
  };

  const ends = (token: string) => claims(token).exp! * 1_000;

  /** The last token, as long as it has not ended. */
  const lasting = () => (last && clock.server() < ends(last) ? last : undefined);

  return {
    lasting,

    /** The page's word, or the last one that still counts, within seconds. */
    async word(): Promise<Token> {
      if (refused >= REFUSED_MAX) return undefined;
      if (given || !ask) return given;
      const mine = askPage();
      const said = await Promise.race([mine, pause(WAIT_MS)]);
      if (said !== SILENCE) return said;
      hearLate(mine);
      return lasting();
    },

    /** Asks for the next token when it is time, while the link is open. */
    renew() {
      if (ask && !given && clock.now() - askedAt >= RENEW_EVERY_MS && clock.server() >= endsAt - RENEW_EARLY_MS)
        hearLate(askPage());
    },

    /** Asks now. */
    hurry: () => hearLate(askPage()),

    /** The page says it by itself. */
    trust(said: unknown): Token {
      begin();
      return (given = good(said));
    },

    /** The page says how to ask it. */
    askBy(way: Ask) {
      begin();
      ask = async () => notSilence(await way());
    },

    /** The server does not believe the last token. */
    refused() {
      refused++;
      if (ask) given = undefined;
      last = undefined;
      endsAt = Infinity;
    },

    /** The server believes it. */
    believed() {
      refused = 0;
    },

    forget: begin,
  };
}
