// Bundles the unit tests, runs them and prints how many passed and failed.

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const outdir = await mkdtemp(join(tmpdir(), 'plainbill-web-'));
const testsIn = async (folder) =>
  (await readdir(join(root, folder)))
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => ({ in: join(root, folder, name), out: `${folder}-${name.replace(/\.ts$/, '')}` }));
const entryPoints = (await Promise.all(['test', 'console'].map(testsIn))).flat();
await build({
  entryPoints,
  outdir,
  bundle: true,
  platform: 'node',
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  loader: { '.css': 'text' },
  sourcemap: 'inline',
  logLevel: 'warning',
});

let passed = 0;
let failed = 0;
const count =
  (change) =>
  ({ details }) =>
    details.type !== 'suite' && change();
const files = (await readdir(outdir)).map((name) => join(outdir, name));
const tests = run({ files, concurrency: true })
  .on(
    'test:pass',
    count(() => passed++),
  )
  .on(
    'test:fail',
    count(() => failed++),
  );
tests.compose(spec).pipe(process.stdout);
await new Promise((resolve) => tests.on('end', resolve));
await rm(outdir, { recursive: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed || !passed ? 1 : 0;
