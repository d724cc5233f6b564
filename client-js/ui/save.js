// @ts-check
/**
 * One save by a tap: a choice, a tick, a new record. What could not be kept
 * raises the same alarm as words that could not.
 */
import { useDesk } from './live.js'

/** @returns {<T>(work: (change: any) => T) => Promise<T | undefined>} */
export function useSave() {
  const { tm, drafts } = useDesk()
  return async (work) => {
    /** @type {any} */ let result
    try {
      await tm.change((/** @type {any} */ c) => {
        result = work(c)
      })
      drafts.savedAt.value = Date.now()
      return result
    } catch (error) {
      const { name, message } = /** @type {Error} */ (error)
      drafts.failed.value = { name, message }
      return undefined
    }
  }
}
