// Builds dist/ from the sources: stable names, no source maps, budgets that fail, and a manifest of hashes.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, context, transform } from 'esbuild';
import { minify } from 'terser';

const root = import.meta.dirname;
const dist = join(root, 'dist');
const target = ['es2022', 'safari16.4', 'firefox121', 'chrome111'];
const hasConsole = existsSync(join(root, 'console/main.tsx'));

/** What the manifest vouches for: when one of these changes, dist is stale. */
const inputs = [
  'widget',
  'console',
  'demo',
  'shared',
  'protocol.ts',
  'package-lock.json',
  'build.mjs',
  'tsconfig.json',
];

/** Styles that a script imports become one minified string. */
const stylesAsText = {
  name: 'styles-as-text',
  setup(build) {
    build.onLoad({ filter: /widget[\\/]\w+\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, 'utf8'), { loader: 'css', minify: true, target });
      return { contents: code.trim(), loader: 'text' };
    });
  },
};

const common = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  target,
  legalComments: 'none',
  charset: 'utf8',
  logLevel: 'warning',
};
const panel = {
  ...common,
  entryPoints: ['widget/panel.ts'],
  outfile: 'dist/panel.js',
  format: 'esm',
  plugins: [stylesAsText],
};
const others = [
  { ...common, entryPoints: ['demo/demo.ts'], outfile: 'dist/demo.js', format: 'iife' },
  { ...common, entryPoints: ['demo/demo.css'], outfile: 'dist/demo.css' },
];
const pages = [['demo/demo.html', 'demo.html']];
if (hasConsole) {
  others.push(
    {
      ...common,
      entryPoints: ['console/main.tsx'],
      outfile: 'dist/console.js',
      format: 'esm',
      jsx: 'automatic',
      jsxImportSource: 'preact',
    },
    { ...common, entryPoints: ['console/console.css'], outfile: 'dist/console.css' },
  );
  pages.push(['console/console.html', 'console.html']);
}

/** What every visitor loads is made smaller still. */
async function shrink(name) {
  const path = join(dist, name);
  const { code } = await minify(await readFile(path, 'utf8'), {
    ecma: 2020,
    module: name === 'panel.js',
    // A function that is used once is smaller where it stands than where it would be put.
    compress: { passes: 3, unsafe_arrows: true, reduce_funcs: false },
    format: { comments: false },
  });
  await writeFile(path, `${code.trimEnd()}\n`);
}

/** The loader names the panel by its content, so that browsers may keep the panel for good. */
const loader = (panelVersion) => ({
  ...common,
  entryPoints: ['widget/loader.ts'],
  outfile: 'dist/w.js',
  format: 'iife',
  // Types are all that it has of TypeScript: without this it would begin with "use strict".
  tsconfigRaw: '{}',
  plugins: [stylesAsText],
  define: { PANEL_VERSION: JSON.stringify(panelVersion) },
});

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

async function filesUnder(path) {
  if (!existsSync(path)) return [];
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch(() => null);
  if (!entries) return [path];
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

async function manifest() {
  const stale = { inputs: {}, outputs: {} };
  const paths = (await Promise.all(inputs.map((path) => filesUnder(join(root, path))))).flat();
  const names = paths.map((path) => relative(root, path).split(sep).join('/')).sort();
  for (const name of names) stale.inputs[name] = sha256(await readFile(join(root, name)));
  for (const name of (await readdir(dist)).sort()) {
    if (name === 'MANIFEST.json') continue;
    const bytes = await readFile(join(dist, name));
    stale.outputs[name] = { sha256: sha256(bytes), bytes: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length };
  }
  await writeFile(join(dist, 'MANIFEST.json'), `${JSON.stringify(stale, null, 2)}\n`);
  return stale.outputs;
}

async function overBudget(outputs) {
  const budgets = JSON.parse(await readFile(join(root, 'budgets.json'), 'utf8'));
  return Object.entries(budgets)
    .filter(([name, most]) => outputs[name] && outputs[name].gzip > most)
    .map(
      ([name, most]) =>
        `${name} is ${outputs[name].gzip} bytes with gzip; its budget is ${most}, so ${outputs[name].gzip - most} must go.`,
    );
}

async function buildAll() {
  await rm(dist, { recursive: true, force: true });
  await mkdir(dist, { recursive: true });
  await Promise.all([panel, ...others].map((options) => build(options)));
  await shrink('panel.js');
  await build(loader(sha256(await readFile(join(dist, 'panel.js'))).slice(0, 12)));
  await shrink('w.js');
  await Promise.all(pages.map(([from, to]) => copyFile(join(root, from), join(dist, to))));
  const outputs = await manifest();
  for (const [name, { bytes, gzip }] of Object.entries(outputs)) {
    console.log(`${name.padEnd(14)} ${String(bytes).padStart(7)} bytes ${String(gzip).padStart(7)} with gzip`);
  }
  const faults = await overBudget(outputs);
  faults.forEach((fault) => console.error(`over budget: ${fault}`));
  if (faults.length) process.exitCode = 1;
}

if (process.argv.includes('--watch')) {
  const all = [panel, ...others, loader('watch')];
  await Promise.all(pages.map(([from, to]) => copyFile(join(root, from), join(dist, to))));
  await Promise.all(all.map(async (options) => (await context({ ...options, logLevel: 'info' })).watch()));
} else {
  await buildAll();
}
