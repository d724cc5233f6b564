// @ts-check
/**
 * Edits to a long text, and how two edits meet (PROTOCOL.md, section 7). The
 * twin of protocol/text.h; both are held to tests/vectors/text.jsonl.
 *
 * A delta walks the old text: a positive number keeps that many code points, a
 * negative one drops them, a string is inserted; what follows the last step
 * stays. All functions are pure. Those that need a delta to fit a text throw
 * a TidemarkError `bad_delta` when it does not.
 *
 * @typedef {import('./text-walk.js').Step} Step
 * @typedef {import('./text-walk.js').Delta} Delta
 * @typedef {import('./text-merge.js').Overlap} Overlap
 * @typedef {import('./text-merge.js').Merged} Merged
 */
export {
  TEXT_CHARS_MAX,
  apply,
  checkDelta,
  compose,
  invert,
  isText,
} from './text-delta.js'
export { diff } from './text-diff.js'
export { merge } from './text-merge.js'
