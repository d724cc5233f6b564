// node tests/fuzz/seeds.mjs FOLDER: the vectors' bytes, one file each, as what
// the fuzzers of pack and message start from.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = process.argv[2]
if (!folder) throw new Error('usage: node tests/fuzz/seeds.mjs FOLDER')
mkdirSync(folder, { recursive: true })
const vectors = new URL('../vectors/message.jsonl', import.meta.url)
const lines = readFileSync(vectors, 'utf8').trim().split('\n').map(JSON.parse)
lines.forEach(({ hex, change, segment }, i) => {
  const bytes = Buffer.from(hex ?? change ?? segment, 'hex')
  writeFileSync(join(folder, `vector-${i}`), bytes)
})
