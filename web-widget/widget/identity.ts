// Who the customer is, as the host page's own server vouches for it. Tokens go into frames, never into addresses.

/** `null`: the page says that nobody is signed in; `undefined`: what it says is no token. */
export type Token = string | null | undefined;

/** The page has not said anything yet, or its server is not there to be asked. */
export const SILENCE = '';

/** How the page is asked for a token: a function of its own, or the address that it named. */
export type Ask = () => Token | Promise<Token>;

/** What a page says, even where it is as little as nothing, is not silence. */
export const notSilence = (said: Token): Token => (said === SILENCE ? undefined : said);

/** Longer ones would not fit into a frame. */
const TOKEN_LETTERS_MAX = 8_000;

/** Asks the host page's server for a token. */
export async function fetchToken(address: string): Promise<Token> {
  let response: Response;
  try {
    response = await fetch(address, { cache: 'no-store' });
  } catch {
    return SILENCE;
  }
  const { status } = response;
  // A page to sign in on is an answer too, and no token.
  if (response.ok) return notSilence((await response.json()).token);
  if (status === 401 || status >= 500) return status === 401 ? null : SILENCE;
  throw `${address}: ${status}`;
}

/** Says to whoever builds the page why the customer is a visitor, and returns that. */
export function noToken(why: unknown): undefined {
  console.warn('plainbill: no identity token, so the customer is a visitor:', why);
}

/** A token that can be sent and says whom it is about; anything else that a page may answer is none. */
export function good(answer: unknown): Token {
  if (answer === null) return null;
  if (typeof answer !== 'string') return noToken(`${typeof answer}, not text or null`);
  if (answer.length > TOKEN_LETTERS_MAX) return noToken('too long');
  return claims(answer).sub ? answer : noToken('no JWT with sub');
}

/** What a token says; it is only compared, the server is who believes it. */
export function claims(token: string): { sub?: string; exp?: number } {
  try {
    return JSON.parse(atob(token.split('.')[1]!.replace(/-/g, '+').replace(/_/g, '/'))) ?? {};
  } catch {
    return {};
  }
}
