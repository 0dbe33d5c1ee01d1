// Who the customer is, as the host page's own server vouches for it. Tokens go into frames, never into addresses.

/** `null`: the page says that nobody is signed in; `undefined`: it could not say. */
export type Token = string | null | undefined;

/** How the page is asked for a token: a function of its own, or the address that it named. */
export type Ask = () => Token | Promise<Token>;

/** Asks the host page's server for a token. */
export async function fetchToken(address: string): Promise<Token> {
  try {
    const response = await fetch(address, { cache: 'no-store' });
    return response.ok ? (await response.json()).token : response.status < 500 ? null : undefined;
  } catch {
    return undefined;
  }
}

/** What a token says; it is only compared, the server is who believes it. */
export function claims(token: string): { sub?: string; exp?: number } {
  try {
    return JSON.parse(atob(token.split('.')[1]!.replace(/-/g, '+').replace(/_/g, '/'))) ?? {};
  } catch {
    return {};
  }
}
