// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { FRAMEWORK } from '../src/framework.js'
import { SCHEMA } from '../src/schema.js'
import { stale } from '../../schema/generate.mjs'

test('what was made from records.json is up to date', () => {
  assert.deepEqual(
    stale().map(([path]) => path),
    [],
    'run: node schema/generate.mjs',
  )
})

test('every field has its number, kind and rule', () => {
  for (const [name, type] of Object.entries(SCHEMA.types)) {
    const ids = Object.values(type.fields).map((field) => field.id)
    assert.equal(new Set(ids).size, ids.length, name)
    for (const [field, of] of Object.entries(type.fields)) {
      assert.ok(of.id > 0 && of.type && of.merge, `${name}.${field}`)
    }
  }
})

test('every list of choices is there', () => {
  for (const type of Object.values(SCHEMA.types)) {
    for (const { choices, order } of Object.values(type.fields)) {
      if (typeof choices !== 'string') continue
      const codes = SCHEMA.choices[choices].map(([code]) => code)
      for (const code of order ?? []) assert.ok(codes.includes(String(code)))
    }
  }
})

test('roles are the known ones, or depend on the record', () => {
  const byRecord = [
    'author',
    'as parent',
    'resolver',
    'signer',
    'lead',
    'server',
  ]
  const known = new Set([...Object.keys(SCHEMA.roles), ...byRecord])
  for (const [name, type] of Object.entries(SCHEMA.types)) {
    for (const role of Object.values(type.roles).flat()) {
      assert.ok(known.has(role), `${name}: ${role}`)
    }
  }
  assert.deepEqual(SCHEMA.roles.hub_lead.reach.includes('oversight/@hub'), true)
  assert.equal(SCHEMA.roles.trustee.tablet, false)
})

test('the framework has its five areas, apart from the schema', () => {
  assert.equal(FRAMEWORK.areas.length, 5)
  assert.ok(!('framework' in SCHEMA))
})
