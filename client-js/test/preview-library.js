/**
 * Stands in for ui/library.js in the preview build: the faces over the double
 * of the library, so that they can be looked at without a server. The address
 * says who is looking: `?as=jory&link=offline`.
 */
import records from '../../schema/records.json'
import sample from 'sample.json'
import { createDouble } from './double.js'

const asked = new URLSearchParams(location.search)

export { valueAt } from '../src/past.js'
export const indexedDbStore = () => null
export async function open({ identity } = {}) {
  if (!identity && !asked.has('as')) {
    throw Object.assign(new Error('not enrolled'), { name: 'unknown_device' })
  }
  const tm = createDouble({
    sample,
    records,
    person: asked.get('as') ?? 'tamsin',
    today: new Date().toISOString().slice(0, 10),
    link: asked.get('link') ?? 'online',
  })
  globalThis.tidemarkDouble = tm
  return tm
}
export async function enrol({ code }) {
  if (code !== 'DEMO-CODE') {
    throw Object.assign(new Error('bad code'), { name: 'bad_code' })
  }
  return {
    device: 'dev-01',
    token: '',
    person: 'tamsin',
    name: 'Tamsin Trevarrow',
  }
}
