// @ts-check
/**
 * From the client library to the screen: its calls become signals, and the
 * components that read them draw themselves again. Nothing else in the faces
 * subscribes to anything.
 *
 * @typedef {{ tm: any, status: import('@preact/signals').Signal<any>,
 *   drafts: ReturnType<typeof import('./draft.js').createDrafts>,
 *   face: 'tablet' | 'console' }} Desk
 */
import { createContext } from 'preact'
import { useContext, useEffect, useMemo } from 'preact/hooks'
import { signal } from '@preact/signals'
import { createDrafts } from './draft.js'

/** What every screen works with. */
export const DeskContext = createContext(/** @type {Desk | null} */ (null))

/** @param {any} tm @param {'tablet' | 'console'} face @returns {Desk} */
export function createDesk(tm, face) {
  const status = signal(tm.status)
  tm.on('status', (/** @type {any} */ now) => {
    status.value = now
  })
  return { tm, status, drafts: createDrafts(tm), face }
}

/** @returns {Desk} */
export function useDesk() {
  const desk = useContext(DeskContext)
  if (!desk) throw new Error('no desk: the face has not started')
  return desk
}

/** The state of the link and the outbox. */
export const useStatus = () => useDesk().status.value

/**
 * What `read` says about the records, kept up to date.
 * @template T
 * @param {(tm: any) => T} read
 * @param {readonly unknown[]} inputs what `read` depends on besides records
 * @returns {T}
 */
export function useLive(read, inputs = []) {
  const { tm } = useDesk()
  const value = useMemo(() => signal(read(tm)), [tm, ...inputs])
  useEffect(
    () =>
      tm.live(read, (/** @type {T} */ now) => {
        value.value = now
      }),
    [value],
  )
  return value.value
}
