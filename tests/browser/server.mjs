// The real server in a temporary folder, always within its opening hours unless a test says otherwise.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const program = resolve(root, process.env.PLAINBILL_BIN ?? 'target/debug/plainbill');
/** Starting takes the longest where the classifier learns on a slow machine. */
const START_MS_MAX = 600_000;
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

/**
 * Where what has been learnt of the content stands: it is used where it fits, and learnt again where it doesn't. At first
 * what the Rust tests have learnt, if they ran; then what the first server has, so that no test waits for it.
 */
let learnt = { folder: resolve(program, '../../tmp'), isOurs: false };

async function bringLearnt(data) {
  await mkdir(data, { recursive: true });
  for (const file of await readdir(learnt.folder).catch(() => [])) {
    if (file.endsWith('.bin')) await cp(join(learnt.folder, file), join(data, file));
  }
}

/** Starts the server, within its opening hours or outside; `origins` are the sites that may embed the chat. */
export async function openServer({ origins = [], isOpen = true } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'plainbill-browser-'));
  const intents = join(folder, 'intents');
  await cp(join(root, 'intents'), intents, { recursive: true });
  await setHours(join(intents, 'business.toml'), isOpen);
  await bringLearnt(join(folder, 'data'));

  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    ...process.env,
    PLAINBILL_METRICS_LISTEN: '127.0.0.1:0',
    PLAINBILL_ORIGINS: JSON.stringify(origins),
    // Pages of a business's own mean a business: the demo has to be asked for.
    PLAINBILL_DEMO: 'true',
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
      if (isRunning()) return;
      running = spawn(program, [...flags, 'serve', '--listen', `127.0.0.1:${port}`], { cwd: root, env });
      let said = '';
      running.stdout.on('data', (bytes) => (said += bytes));
      running.stderr.on('data', (bytes) => (log += bytes));
      running.on('error', (error) => (log += `${program}: ${error.message}\n`));
      await until(async () => {
        assert.ok(running.pid && isRunning(), `the server ended:\n${log}`);
        const ready = await fetch(`${url}/readyz`).then((it) => it.json(), () => ({}));
        return ready.ready && ready.classifier !== 'learning';
      });
      const place = /the first password stands in (\S+)\. Delete/.exec(said)?.[1];
      firstPassword ??= place && (await readFile(place, 'utf8')).trim();
      assert.ok(firstPassword, `the server says where the first password is:\n${said}`);
    },

    /** Ends it at once, as a power cut does. */
    kill: () => end('SIGKILL'),

    /** Adds somebody who answers customers, and returns what they sign in with. */
    async addStaff(login, name) {
      const adding = spawn(program, [...flags, 'staff', 'add', login, '--name', name], { cwd: root, env });
      let said = '';
      adding.stdout.on('data', (bytes) => (said += bytes));
      await once(adding, 'close');
      return { login, name, password: said.trim().split(' ').at(-1) };
    },

    async stop() {
      if (isRunning()) await end('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };

  const isRunning = () => running && running.exitCode === null && running.signalCode === null;

  async function end(signal) {
    const ended = once(running, 'exit');
    process.kill(running.pid, signal);
    await ended;
  }

  try {
    await server.start();
  } catch (error) {
    await server.stop();
    throw error;
  }
  // The first one outlives the others.
  if (!learnt.isOurs) learnt = { folder: join(folder, 'data'), isOurs: true };
  return server;
}

/** Always open, or closed until the first minute of the day after tomorrow. */
async function setHours(path, isOpen) {
  const later = DAYS[(new Date().getUTCDay() + 1) % DAYS.length];
  const week = isOpen ? DAYS.map((day) => `${day} = "0:00-24:00"`).join('\n') : `${later} = "0:00-0:01"`;
  const business = await readFile(path, 'utf8');
  const changed = business
    .replace(/(\[hours\]\ntext *= )"[^"]*"/, '$1"at hours of our own"')
    .replace(/holidays = \[[^\]]*\]/, 'holidays = []')
    .replace(/(\[hours\.week\]\n)[^[]*/, `$1${week}\n\n`);
  await writeFile(path, changed);
}

/** Asks until it is so. */
async function until(isSo, mostMs = START_MS_MAX) {
  const end = Date.now() + mostMs;
  while (!(await isSo())) {
    assert.ok(Date.now() < end, `not so after ${mostMs} ms: ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
}
