#!/usr/bin/env node
/**
 * Builds both faces into client-js/dist:
 *
 *     index.html  console/index.html  manifest.webmanifest  icons/
 *     assets/NAME-HASH.js|css|woff2   sw.js
 *
 * with a .br and a .gz beside every text file. The service worker gets the
 * list of all files with their SHA-256, so that a device takes a build whole or
 * not at all. Fails when a face, or the client library with its schema, is
 * over its size budget.
 *
 *     node build.mjs [--preview] [--out FOLDER]
 *
 * --preview puts the double of test/ in the library's place and needs
 * --sample FILE, the sample content to show.
 */
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { icons } from './ui/app-icon.mjs'

const HERE = dirname(fileURLToPath(import.meta.url))
// What a face weighs in all, the client library included, may not grow past this
// unnoticed. Aimed at: 40 kB the tablet, 60 kB the console. The tablet decides
// and signs too, and carries the whole library for it.
const BUDGET_BYTES = { tablet: 82_000, console: 80_000 }
const TEXT_FILE = /\.(html|js|css|webmanifest|svg)$/

const { values: options } = parseArgs({
  options: {
    preview: { type: 'boolean', default: false },
    sample: { type: 'string' },
    out: { type: 'string' },
  },
})
const OUT =
  options.out ?? join(HERE, options.preview ? '../build/faces-preview' : 'dist')

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types tidemark-sw',
].join('; ')

const FACES = {
  tablet: { path: 'index.html', title: 'Tidemark' },
  console: { path: 'console/index.html', title: 'Tidemark console' },
}

/** The double instead of the library, and the sample content that feeds it. */
const previewPlugin = {
  name: 'preview',
  setup(at) {
    at.onResolve({ filter: /\/library\.js$/ }, () => ({
      path: join(HERE, 'test/preview-library.js'),
    }))
    at.onResolve({ filter: /^sample\.json$/ }, () => ({
      path: options.sample,
    }))
  },
}

/** Of the schema, a device needs no word about roles, no hint that no screen
 *  shows, and not what the code that creates a record fills in anyhow. */
const schemaPlugin = {
  name: 'schema',
  setup(at) {
    at.onLoad({ filter: /src[\\/]schema\.js$/ }, async ({ path }) => {
      const { SCHEMA } = await import(pathToFileURL(path).href)
      const code = JSON.stringify(forDevices(SCHEMA))
      return { contents: `export const SCHEMA = ${code}`, loader: 'js' }
    })
  },
}

const without = (object, ...names) =>
  Object.fromEntries(Object.entries(object).filter(([k]) => !names.includes(k)))
const each = (object, change) =>
  Object.fromEntries(Object.entries(object).map(([k, v]) => [k, change(v, k)]))

/** The hints that a screen shows as they are. */
const SHOWN_HINTS = {
  visit: ['purpose', 'since_last', 'impact', 'support'],
  review: ['enquiry', 'context', 'strengths', 'summary'],
}

/** As the screens make it of a name that has no label. */
const ownLabel = (name) =>
  name.charAt(0).toUpperCase() + name.slice(1).replaceAll('_', ' ')

const fieldForDevices = (type) => (field, name) =>
  without(
    field,
    field.label === ownLabel(name) && 'label',
    !SHOWN_HINTS[type]?.includes(name) && 'hint',
    field.needed === 'create' && 'needed',
  )

const forDevices = (schema) => ({
  ...schema,
  roles: each(schema.roles, (role) => without(role, 'about')),
  types: each(schema.types, (type, name) => ({
    ...without(type, 'help'),
    fields: each(type.fields, fieldForDevices(name)),
  })),
})

async function bundle() {
  const result = await build({
    absWorkingDir: HERE,
    entryPoints: {
      tablet: 'tablet/main.jsx',
      console: 'console/main.jsx',
      library: 'ui/library.js', // a part of its own, so that it is weighed alone
    },
    outdir: join(OUT, 'assets'),
    entryNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    chunkNames: 'part-[hash]',
    publicPath: '/assets/',
    bundle: true,
    splitting: true,
    format: 'esm',
    minify: true,
    charset: 'utf8',
    metafile: true,
    target: ['safari15.4', 'chrome100', 'firefox100'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    loader: { '.woff2': 'file' },
    plugins: options.preview ? [previewPlugin, schemaPlugin] : [schemaPlugin],
    logLevel: 'warning',
  })
  return result.metafile
}

const LIBRARY = options.preview ? 'test/preview-library.js' : 'ui/library.js'

/** What an entry point loads at its start: itself, and its static imports. */
function loads(metafile, entryPoint) {
  const entry = Object.entries(metafile.outputs).find(
    ([, o]) => o.entryPoint === entryPoint,
  )
  const found = new Set([entry[0]])
  for (const name of found) {
    for (const { path, kind } of metafile.outputs[name].imports) {
      if (kind === 'import-statement') found.add(path)
    }
  }
  const scripts = [...found].map((name) => join(HERE, name))
  const css = entry[1].cssBundle && join(HERE, entry[1].cssBundle)
  return { entry: join(HERE, entry[0]), css, scripts }
}

const filesOf = (metafile, face) => loads(metafile, `${face}/main.jsx`)

const address = (file) => `/${relative(OUT, file).replaceAll('\\', '/')}`

function page(face, { entry, css, scripts }) {
  const preloads = scripts
    .filter((s) => s !== entry)
    .map((s) => `<link rel="modulepreload" href="${address(s)}">`)
    .join('\n')
  return `<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="theme-color" content="#1f4d46">
<meta name="apple-mobile-web-app-capable" content="yes">
<meta name="apple-mobile-web-app-title" content="Tidemark">
<title>${FACES[face].title}</title>
<link rel="manifest" href="/manifest.webmanifest">
<link rel="icon" href="/icons/icon.svg" type="image/svg+xml">
<link rel="apple-touch-icon" href="/icons/icon-180.png">
<link rel="stylesheet" href="${address(css)}">
${preloads}
<script type="module" src="${address(entry)}"></script>
</head>
<body>
<div id="app"></div>
<noscript>Tidemark needs JavaScript, which is turned off in this browser.</noscript>
</body>
</html>
`
}

const manifest = {
  name: 'Tidemark',
  short_name: 'Tidemark',
  description: 'Visit notes and review evidence, also without a network',
  lang: 'en-GB',
  start_url: '/',
  scope: '/',
  display: 'standalone',
  background_color: '#f6f3ec',
  theme_color: '#1f4d46',
  icons: [
    { src: '/icons/icon-192.png', sizes: '192x192', type: 'image/png' },
    { src: '/icons/icon-512.png', sizes: '512x512', type: 'image/png' },
    {
      src: '/icons/icon-512.png',
      sizes: '512x512',
      type: 'image/png',
      purpose: 'maskable',
    },
    { src: '/icons/icon.svg', sizes: 'any', type: 'image/svg+xml' },
  ],
}

async function put(path, data) {
  const file = join(OUT, path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, data)
}

async function walk(folder) {
  const entries = await readdir(folder, { withFileTypes: true })
  const lists = await Promise.all(
    entries.map((entry) => {
      const path = join(folder, entry.name)
      return entry.isDirectory() ? walk(path) : [path]
    }),
  )
  return lists.flat()
}

async function writeWorker() {
  const files = []
  for (const file of await walk(OUT)) {
    const digest = createHash('sha256')
      .update(await readFile(file))
      .digest('base64')
    files.push([address(file), `sha256-${digest}`])
  }
  files.sort(([a], [b]) => (a < b ? -1 : 1))
  const version = createHash('sha256')
    .update(JSON.stringify(files))
    .digest('hex')
    .slice(0, 12)
  const source = await readFile(join(HERE, 'ui/sw.js'), 'utf8')
  await put(
    'sw.js',
    `const VERSION = ${JSON.stringify(version)}
const FILES = ${JSON.stringify(files)}
${source}`,
  )
  return version
}

const brotli = (data) =>
  brotliCompressSync(data, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_SIZE_HINT]: data.length,
    },
  })

async function compress() {
  for (const file of await walk(OUT)) {
    if (!TEXT_FILE.test(file)) continue
    const data = await readFile(file)
    await writeFile(`${file}.br`, brotli(data))
    await writeFile(`${file}.gz`, gzipSync(data, { level: 9 }))
  }
}

async function weigh(name, files) {
  let bytes = 0
  for (const file of files) bytes += brotli(await readFile(file)).length
  const most = BUDGET_BYTES[name]
  const fits = bytes <= most
  const kb = (n) => `${(n / 1000).toFixed(1)} kB`
  console.log(
    `${name.padEnd(8)} ${kb(bytes)} of ${kb(most)} JS + CSS, Brotli` +
      (fits ? '' : '  over budget'),
  )
  return fits
}

await rm(OUT, { recursive: true, force: true })
const metafile = await bundle()
for (const face of Object.keys(FACES)) {
  await put(FACES[face].path, page(face, filesOf(metafile, face)))
}
await put('manifest.webmanifest', JSON.stringify(manifest))
for (const [name, data] of icons()) await put(`icons/${name}`, data)
const version = await writeWorker()
await compress()
console.log(`build    ${version} in ${relative(process.cwd(), OUT) || '.'}`)
let fits = true
for (const face of Object.keys(FACES)) {
  const { css, scripts } = filesOf(metafile, face)
  fits = (await weigh(face, [css, ...scripts])) && fits
}
if (!fits && !options.preview) process.exitCode = 1
