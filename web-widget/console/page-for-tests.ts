// What the console's modules expect of a browser's page, for tests that run without one: imported before them.
const noStorage = new Map<string, string>();
const storage = {
  getItem: (key: string) => noStorage.get(key) ?? null,
  setItem: (key: string, value: string) => void noStorage.set(key, value),
  removeItem: (key: string) => void noStorage.delete(key),
};
const page = {
  location: { hash: '', href: 'http://127.0.0.1/console' },
  navigator: { onLine: true },
  document: { visibilityState: 'visible' },
  localStorage: storage,
  sessionStorage: storage,
};
for (const [name, value] of Object.entries(page))
  Object.defineProperty(globalThis, name, { value, configurable: true });

/** Answers requests of the page: a value is the body of a 200, a number a status without any. */
export function serve(answer: (path: string, body: unknown) => unknown) {
  globalThis.fetch = (async (path: string | URL, init?: RequestInit) => {
    const body = typeof init?.body === 'string' ? JSON.parse(init.body) : undefined;
    const given = await answer(String(path), body);
    if (given instanceof Error) throw given;
    return typeof given === 'number'
      ? new Response('{}', { status: given })
      : new Response(JSON.stringify(given), { status: 200 });
  }) as typeof fetch;
}

/** Everything that is under way comes to its end. */
export const settled = async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
};
