// @ts-check
/** One tap begins a visit note, or a piece of evidence, and opens it. */
import { today } from '../ui/format.js'
import { useDesk } from '../ui/live.js'
import { bucketOf, mayIn, termOf } from '../ui/model.js'
import { go } from '../ui/route.js'
import { useSave } from '../ui/save.js'

/** May this person write visit notes at this school? @param {any} tm
 *  @param {string} school */
export const mayVisit = (tm, school) =>
  mayIn(tm, 'create', 'visit', bucketOf(tm, 'oversight', school))

export function useStartVisit() {
  const { tm } = useDesk()
  const save = useSave()
  return async (/** @type {string} */ school) => {
    const date = today()
    const id = await save((c) =>
      c.create('visit', bucketOf(tm, 'oversight', school), {
        school,
        date,
        lead: tm.person.id,
        state: 'draft',
        revision: 1,
        ...(termOf(tm, date) && { term: termOf(tm, date).id }),
      }),
    )
    if (id) go('visit', id)
  }
}

/** @returns {(parent: any, fields?: any) => Promise<string | undefined>} */
export function useStartEvidence() {
  const { tm } = useDesk()
  const save = useSave()
  return (parent, fields = {}) =>
    save((c) =>
      c.create('evidence', parent.bucket, {
        parent: parent.id,
        school: parent.fields.school,
        seen_at: Date.now(),
        kind: 'learning_walk',
        by: tm.person.id,
        ...fields,
      }),
    )
}
