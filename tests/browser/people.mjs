// The people of the tests: a customer on a page with the chat, and staff at the console.
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../web-widget/package.json', import.meta.url));
const { chromium } = require('playwright-core');
export const { default: AxeBuilder } = require('@axe-core/playwright');

export const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };
export const TINY = { width: 320, height: 568 };
/** Nothing that is waited for takes longer than this. */
const PATIENCE_MS = 20_000;

export const openBrowser = () =>
  chromium.launch({
    executablePath: process.env.PLAINBILL_CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });

/** A browser of somebody's own; what goes wrong on its pages and is not `expected` is collected in `faults`. */
export async function openContext(browser, faults, { expected, ...options } = {}) {
  const context = await browser.newContext({ viewport: DESKTOP, locale: 'en-GB', timezoneId: 'Europe/London', ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  context.on('page', (page) => {
    page.on('pageerror', (error) => faults.push(`error on ${page.url()}: ${error.message}`));
    page.on('dialog', (dialog) => {
      faults.push(`dialog: ${dialog.message()}`);
      dialog.dismiss().catch(() => {});
    });
    page.on('console', (message) => {
      const unreachable = /net::ERR_|WebSocket connection to|status of (401|404|409|410|422|503)/.test(message.text());
      if (message.type() === 'error' && !unreachable && !expected?.test(message.text())) faults.push(`console: ${message.text()}`);
    });
  });
  await context.addInitScript(() => {
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => console.error(`policy violated: ${violatedDirective} ${blockedURI}`));
  });
  return context;
}

/** The chat on a page. */
export function chatOn(page) {
  const host = page.locator('plainbill-chat');
  const launcher = page.locator('plainbill-chat .launcher');
  const panel = page.getByRole('dialog', { name: 'Help with your bill' });
  const field = panel.getByRole('textbox', { name: 'Write a message' });
  const articles = (from) => panel.locator(`article[data-from=${from}]`);
  const chat = {
    page,
    host,
    launcher,
    panel,
    field,
    log: panel.getByRole('log'),
    strip: panel.locator('.strip'),
    customer: articles('customer'),
    bot: articles('bot'),
    staff: articles('staff'),
    tap: (name) => panel.getByRole('button', { name, exact: true }).click(),

    async open() {
      await launcher.click();
      await chat.bot.first().waitFor();
    },

    /** Writes and sends; `answer` is waited for where it is given. */
    async say(text, answer) {
      await field.fill(text);
      await field.press('Enter');
      if (answer) await chat.hear(answer);
    },

    /** Waits for words from our side. */
    hear: (words) => panel.locator('article:not([data-from=customer])').filter({ hasText: words }).last().waitFor(),

    /** What the customer said, as it stands in the log. */
    said: () => chat.customer.locator('.bubble').allInnerTexts(),

    async menu(name) {
      await chat.tap('More');
      await chat.tap(name);
    },
  };
  return chat;
}

/** A customer of the demo shop, on its page. */
export async function customerOn(context, url, id = 'one-off-fee') {
  await context.addCookies([{ name: 'plainbill_demo', value: id, url }]);
  const page = await context.newPage();
  await page.goto(`${url}/`);
  await page.locator(`[data-customer="${id}"][aria-pressed=true]`).waitFor();
  return chatOn(page);
}

/** Somebody of staff at the console, signed in. */
export async function staffOn(context, url, { login, password }) {
  const page = await context.newPage();
  await page.goto(`${url}/console`);
  await page.getByLabel('Name', { exact: true }).fill(login);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Live', { exact: true }).waitFor();
  return deskOn(page);
}

export function deskOn(page) {
  const field = page.getByRole('textbox', { name: /^Reply to/ });
  return {
    page,
    field,
    row: (words) => page.locator('.row').filter({ hasText: words }),
    messages: page.locator('.log .message'),
    button: (name) => page.getByRole('button', { name, exact: true }),
    to: (name) => page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: new RegExp(`^${name}`) }).click(),
    list: (name) => page.getByRole('navigation', { name: 'Lists' }).getByRole('link', { name: new RegExp(`^${name}`) }).click(),
    async reply(text) {
      await field.fill(text);
      await field.press('Enter');
      await page.locator('.group.me:not(.pending) .bubble', { hasText: text }).waitFor();
    },
  };
}
