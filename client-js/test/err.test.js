import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'

import { ERRORS, errCode, errName, errText, refuse } from '../src/err.js'

const root = new URL('../../', import.meta.url)

/** X(NAME, code, "wire", "text"), over one line or two. */
function errorsOfHeader() {
  const header = readFileSync(new URL('protocol/err.h', root), 'utf8')
  const joined = header.replaceAll(/\s*\\\n\s*/g, ' ')
  const found = joined.matchAll(/X\((\w+), (\d+), "(\w+)",\s*"([^"]*)"\)/g)
  return [...found].map(([, , code, name, text]) => [Number(code), name, text])
}

test('errors are those of err.h, word for word', () => {
  const wanted = errorsOfHeader()
  assert.ok(wanted.length > 30)
  assert.deepEqual(ERRORS, wanted)
})

test('every error of the protocol stands in PROTOCOL.md', () => {
  const page = readFileSync(new URL('protocol/PROTOCOL.md', root), 'utf8')
  for (const [code, name] of ERRORS.slice(1))
    assert.ok(page.includes(`| ${code} | \`${name}\` |`), name)
})

test('codes and names lead to each other', () => {
  for (const [code, name, text] of ERRORS) {
    assert.equal(errName(code), name)
    assert.equal(errCode(name), code)
    assert.equal(errText(name), text)
  }
  assert.equal(errName(9999), 'unknown')
  assert.equal(errText('from the future'), 'unknown error')
})

test('a refusal carries its wire name', () => {
  assert.throws(() => refuse('gap'), { name: 'gap', message: errText('gap') })
})
