// @ts-check
/**
 * The errors of the protocol: the twin of protocol/err.h, which holds the
 * list; test/err.test.js compares the two. Append only, never renumber.
 */
import { TidemarkError } from './fault.js'

/** @type {readonly (readonly [number, string, string])[]} */
export const ERRORS = [
  [0, 'ok', 'ok'],
  [1, 'nomem', 'the server is out of memory'],
  [2, 'malformed', 'not a message of this protocol'],
  [3, 'too_big', 'over a limit of the protocol'],
  [4, 'too_deep', 'arrays nested too deep'],
  [5, 'order', 'this message is not expected now'],
  [6, 'protocol', 'this protocol version is not spoken'],
  [
    7,
    'unknown_device',
    'no such device, or the wrong token, or it was revoked',
  ],
  [8, 'denied', 'this person may not do that there'],
  [9, 'gap', 'changes are missing'],
  [
    10,
    'cloned',
    'the same seq came with other bytes: a copied or rolled-back device',
  ],
  [11, 'store', 'the store could not be read or written'],
  [12, 'full', 'the disk is full: nothing is acknowledged until there is room'],
  [13, 'busy', "over the server's limits: come back later"],
  [14, 'timeout', 'nothing was heard for too long'],
  [15, 'bad_code', 'this enrolment code is not valid, or was used'],
  [16, 'unknown_type', 'no such record type'],
  [17, 'unknown_field', 'no such field in this type'],
  [18, 'unknown_record', 'no such record in this bucket'],
  [19, 'unknown_bucket', 'no such bucket, or not yours'],
  [20, 'bad_value', "the value is not of the field's kind or over its limit"],
  [21, 'bad_delta', 'the text delta does not fit the text it was made on'],
  [22, 'bad_seen', 'seen is not a version of this unit'],
  [23, 'once', 'this field is written once and has another value'],
  [24, 'exists', 'this record id is taken in another bucket'],
  [25, 'access_ended', 'written after access had ended'],
  [26, 'after_signoff', 'arrived after sign-off, without having seen it'],
  [27, 'lost_device', 'written on a device that was reported lost'],
  [28, 'bad_op', 'this edit cannot be made on this field'],
  [29, 'unreadable', 'the change could not be read'],
  [30, 'corrupt', "the store's content is not as it was written"],
  [31, 'schema', 'records.json is not valid'],
  [32, 'usage', 'the command line or the configuration is not valid'],
  [33, 'exists_already', 'the data directory holds a store already'],
  [34, 'locked', 'another process serves this data directory'],
]

const byCode = new Map(ERRORS.map(([code, name]) => [code, name]))
const byName = new Map(
  ERRORS.map(([code, name, text]) => [name, { code, text }]),
)

/** The wire name; 'unknown' for a code from the future. @param {number} code */
export const errName = (code) => byCode.get(code) ?? 'unknown'

/** English for a log line. @param {string} name */
export const errText = (name) => byName.get(name)?.text ?? 'unknown error'

/** The wire code; 0 when there is none. @param {string} name */
export const errCode = (name) => byName.get(name)?.code ?? 0

/** Throw the protocol error of this name. @param {string} name @returns {never} */
export function refuse(name) {
  throw new TidemarkError(name, errText(name))
}
