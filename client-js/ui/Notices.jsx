/** What people should know, quietly: brought back, arrived late, what became
 *  of a late change of one's own. */
import { moment } from './format.js'
import { Icon } from './icons.jsx'
import { useDesk, useLive } from './live.js'
import { personName } from './model.js'
import { useSave } from './save.js'

const TOLD_MS = 14 * 86_400_000
const WORDS = {
  restored:
    'This had been removed while somebody was still writing in it. It was brought back, with all words.',
  late_arrival:
    'This arrived late, from a tablet that had been without a network for long.',
}

const decidedOf = (tm, id) =>
  tm.list(
    'amendment',
    ({ fields, changed }) =>
      fields.record === id &&
      fields.by === tm.person.id &&
      fields.decision &&
      Date.now() - changed.at < TOLD_MS,
  )

function became(tm, { fields }) {
  const who = fields.decided_by ? personName(tm, fields.decided_by) : 'You'
  return fields.decision === 'accept'
    ? `${who} took in what you wrote later.`
    : `${who} left out what you wrote later: ${fields.reason ?? ''}`
}

/** @param {{ id: string }} props */
export function Notices({ id }) {
  const { tm } = useDesk()
  const save = useSave()
  const notices = useLive(
    (client) => client.notices(id).filter(({ kind }) => WORDS[kind]),
    [id],
  )
  const decided = useLive((client) => decidedOf(client, id), [id])
  return (
    <>
      {notices.map((notice) => (
        <div key={notice.id} class="banner quiet">
          <Icon name="clock" />
          <div>
            {WORDS[notice.kind]}{' '}
            <span class="soft num">{moment(notice.at)}</span>
          </div>
          <button
            class="btn slim"
            onClick={() => save((c) => c.delete(notice.id))}
          >
            Noted
          </button>
        </div>
      ))}
      {decided.map((amendment) => (
        <p key={amendment.id} class="banner quiet">
          <Icon
            name={amendment.fields.decision === 'accept' ? 'check' : 'close'}
          />
          {became(tm, amendment)}
        </p>
      ))}
    </>
  )
}
