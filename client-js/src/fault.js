// @ts-check
/**
 * The one error that the library throws at its callers.
 *
 * `name` is a wire name of PROTOCOL.md section 6 (`bad_value`, `denied`, …) or
 * one of the device's own: `storage` (this device could not keep it),
 * `offline`, `closed`, `aborted`, `timeout`.
 */

export class TidemarkError extends Error {
  /** @param {string} name @param {string} message @param {unknown} [cause] */
  constructor(name, message, cause) {
    super(message)
    this.name = name
    if (cause !== undefined) this.cause = cause
  }
}

/**
 * @param {string} name @param {string} message @param {unknown} [cause]
 * @returns {never}
 */
export function fail(name, message, cause) {
  throw new TidemarkError(name, message, cause)
}

/** @param {unknown} error @returns {string} */
export const messageOf = (error) =>
  error instanceof Error ? error.message : String(error)

/**
 * Run what others have given us to run. What they throw is their bug: it
 * surfaces as an uncaught error, and does not stop our own work half-way.
 * @param {() => void} work
 */
export function safely(work) {
  try {
    work()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
