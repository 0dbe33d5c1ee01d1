// Runs the browser tests against the real server: `node tests/browser/run.mjs [WORDS OF A TEST]`.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openBrowser, openContext } from './people.mjs';
import { freePort, openServer } from './server.mjs';

const SUBJECTS = ['asking', 'handing-off', 'giving', 'learning', 'delivery', 'proof', 'console', 'embedding', 'surroundings', 'safety', 'geometry', 'accessibility'];
/** No test takes longer. */
const TEST_MS_MAX = 120_000;

const words = process.argv.slice(2).join(' ');
const started = Date.now();
const shopPort = await freePort();
const server = await openServer({ origins: [`http://127.0.0.1:${shopPort}`] });
const browser = await openBrowser();
let passed = 0;
/** What failed, told once more at the end: of a long log only the end may be kept. */
const failures = [];

/** Runs one test; what goes wrong unseen on a page fails it too. */
async function test(name, play) {
  if (!name.includes(words)) return;
  const faults = [];
  const contexts = [];
  const endings = [];
  const after = (end) => void endings.push(end);
  const open = async (options) => {
    const context = await openContext(browser, faults, options);
    contexts.push(context);
    after(() => context.close());
    return context;
  };
  const began = Date.now();
  let tooLong;
  try {
    await Promise.race([
      play({ server, shopPort, open, after }),
      new Promise((_, reject) => (tooLong = setTimeout(reject, TEST_MS_MAX, new Error(`not done after ${TEST_MS_MAX} ms`)))),
    ]);
    if (faults.length) throw new Error(faults.join('\n'));
    passed++;
    console.log(`ok    ${name} (${Date.now() - began} ms)`);
  } catch (error) {
    await picture(name, contexts);
    failures.push(`FAIL  ${name}\n${indent(error.stack)}${faults.length ? `\n${indent(faults.join('\n'))}` : ''}`);
    console.log(failures.at(-1));
  } finally {
    clearTimeout(tooLong);
    for (const end of endings.reverse()) await end();
  }
}

/** Keeps how the pages looked when a test failed. */
async function picture(name, contexts) {
  const folder = join(import.meta.dirname, '../../target/browser');
  await mkdir(folder, { recursive: true });
  const pages = contexts.flatMap((context) => context.pages());
  await Promise.allSettled(pages.map((page, index) => page.screenshot({ path: join(folder, `${name.replace(/\W+/g, '-').slice(0, 60)}-${index + 1}.png`) })));
}

const indent = (text) => text.replace(/^/gm, '      ');

try {
  for (const subject of SUBJECTS) {
    const { default: tests } = await import(`./${subject}.mjs`);
    await tests(test);
  }
} finally {
  await browser.close();
  await server.stop();
}
console.log(`took ${Math.round((Date.now() - started) / 1000)} s`);
for (const failure of failures) console.log(failure);
console.log(`${passed} passed, ${failures.length} failed`);
process.exit(failures.length || !passed ? 1 : 0);
