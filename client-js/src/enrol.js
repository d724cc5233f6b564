// @ts-check
/** How a device becomes one of ours: a one-time code for an identity. */

import { errText } from './err.js'
import { fail } from './fault.js'
import { postOnce } from './post.js'
import { readMessage, writeMessage } from './message.js'
import { toHex } from './id.js'

const ENROL_MS = 15000

/**
 * @typedef {{ device: string, token: string, person: string, name: string,
 *   label?: string }} Identity  ids are UUIDs, the token is hex
 */

/**
 * @param {{ url: string, code: string, label: string, platform: string }} with_
 * @returns {Promise<Identity>}
 */
export async function enrol({ url, code, label, platform }) {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), ENROL_MS)
  const ask = writeMessage({ type: 'enrol', code, label, platform })
  const answer = await postOnce(url, [ask], abort.signal)
  clearTimeout(timer)
  if (answer === 'gone') fail('offline', 'the server cannot be reached')
  if (answer === 'portal') fail('portal', 'this Wi-Fi wants a sign-in first')
  const [bytes] = answer.messages
  const message = bytes ? readMessage(bytes) : null
  if (message?.type === 'error') fail(message.name, errText(message.name))
  if (message?.type !== 'enrolled') {
    return fail('malformed', 'that was not an answer to an enrolment')
  }
  const { device, token, person, name } = message
  return { device, token: toHex(token), person, name, label }
}
