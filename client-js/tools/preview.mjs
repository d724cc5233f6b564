#!/usr/bin/env node
/**
 * Serves a built folder on loopback, with the headers that the faces must live
 * under. For looking at the preview build:
 *
 *     node build.mjs --preview --sample FILE
 *     node tools/preview.mjs ../build/faces-preview 8090
 */
import { createServer } from 'node:http'
import { readFile } from 'node:fs/promises'
import { extname, join, normalize, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
}

/** @param {string} folder @param {number} port 0: any free one */
export function serve(folder, port = 0) {
  const root = resolve(folder)
  const server = createServer(async (request, reply) => {
    const { pathname } = new URL(request.url, 'http://localhost')
    const name = pathname.endsWith('/') ? `${pathname}index.html` : pathname
    const file = join(root, normalize(name))
    if (!file.startsWith(root)) return reply.writeHead(404).end()
    try {
      const data = await readFile(file)
      reply.writeHead(200, {
        'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
        'Cache-Control': 'no-cache',
        'X-Content-Type-Options': 'nosniff',
      })
      reply.end(data)
    } catch {
      reply.writeHead(404).end()
    }
  })
  return new Promise((done) =>
    server.listen(port, '127.0.0.1', () =>
      done({ server, url: `http://127.0.0.1:${server.address().port}` }),
    ),
  )
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { url } = await serve(
    process.argv[2] ?? 'dist',
    Number(process.argv[3] ?? 8090),
  )
  console.log(`serving at ${url}`)
}
