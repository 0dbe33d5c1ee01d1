// The real server in a temporary folder, always within its opening hours unless a test says otherwise.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const program = resolve(root, process.env.PLAINBILL_BIN ?? 'target/debug/plainbill');
/** Starting takes the longest where the classifier learns on a slow machine. */
const START_MS_MAX = 120_000;
const ASK_AGAIN_MS = 100;

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** A free port of this machine. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts the server; `origins` are the sites that may embed the chat. */
export async function openServer({ origins = [] } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'plainbill-browser-'));
  const intents = join(folder, 'intents');
  await cp(join(root, 'intents'), intents, { recursive: true });
  const business = await readFile(join(intents, 'business.toml'), 'utf8');

  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    ...process.env,
    PLAINBILL_METRICS_LISTEN: '127.0.0.1:0',
    PLAINBILL_ORIGINS: JSON.stringify(origins),
    // All of a run's customers come from one address.
    PLAINBILL_LIMITS_MESSAGES_PER_MINUTE: '10000',
    PLAINBILL_LIMITS_LOGINS_PER_MINUTE: '1000',
  };
  const flags = ['--data', join(folder, 'data'), '--intents', intents];
  let running;
  let log = '';
  let firstPassword;

  const server = {
    url,
    /** What the server has written. */
    log: () => log,
    staff: () => ({ login: 'admin', password: firstPassword, name: 'Alex' }),

    /** Starts it, on the same port and with the same data as before, and waits until it understands customers. */
    async start() {
      running = spawn(program, [...flags, 'serve', '--listen', `127.0.0.1:${port}`], { cwd: root, env });
      let said = '';
      running.stdout.on('data', (bytes) => (said += bytes));
      running.stderr.on('data', (bytes) => (log += bytes));
      running.on('error', (error) => (log += `${program}: ${error.message}\n`));
      await until(async () => {
        assert.equal(running.exitCode, null, `the server ended:\n${log}`);
        assert.ok(running.pid, log);
        const ready = await fetch(`${url}/readyz`).then((it) => it.json(), () => ({}));
        return ready.ready && ready.classifier !== 'learning';
      });
      firstPassword ??= /with the password `([^`]+)`/.exec(said)?.[1];
      assert.ok(firstPassword, `the server prints the first password:\n${said}`);
    },

    /** Ends it at once, as a power cut does. */
    kill: () => end('SIGKILL'),

    /** Changes the opening hours: a whole week, or a moment that has just passed. */
    async setHours(open) {
      await writeHours(open);
      const cookie = await signIn();
      const answer = await fetch(`${url}/api/v1/content/reload`, { method: 'POST', headers: { Cookie: cookie, Origin: url } });
      assert.equal(answer.status, 200, await answer.text());
      await until(async () => (await fetch(`${url}/readyz`).then((it) => it.json())).classifier !== 'learning');
    },

    /** Adds somebody who answers customers, and returns what they sign in with. */
    async addStaff(login, name) {
      const adding = spawn(program, [...flags, 'staff', 'add', login, '--name', name], { cwd: root, env });
      let said = '';
      adding.stdout.on('data', (bytes) => (said += bytes));
      await once(adding, 'close');
      return { login, name, password: said.trim().split(' ').at(-1) };
    },

    async stop() {
      if (running && running.exitCode === null) await end('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };

  async function end(signal) {
    const ended = once(running, 'exit');
    process.kill(running.pid, signal);
    await ended;
  }

  async function writeHours(open) {
    const now = new Date();
    // Closed: open for the first minute of the day after tomorrow only, in any time zone.
    const later = DAYS[(now.getUTCDay() + 2) % 7];
    const week = open ? DAYS.map((day) => `${day} = "0:00-24:00"`).join('\n') : `${later} = "0:00-0:01"`;
    const changed = business.replace(/holidays = \[[^\]]*\]/, 'holidays = []').replace(/(\[hours\.week\]\n)[^[]*/, `$1${week}\n\n`);
    await writeFile(join(intents, 'business.toml'), changed);
  }

  async function signIn() {
    const answer = await fetch(`${url}/api/v1/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Origin: url },
      body: JSON.stringify({ login: 'admin', password: firstPassword }),
    });
    assert.equal(answer.status, 200);
    return answer.headers.get('set-cookie').split(';')[0];
  }

  await writeHours(true);
  try {
    await server.start();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

/** Asks until it is so. */
export async function until(isSo, mostMs = START_MS_MAX) {
  const end = Date.now() + mostMs;
  while (!(await isSo())) {
    assert.ok(Date.now() < end, `not so after ${mostMs} ms: ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
}
