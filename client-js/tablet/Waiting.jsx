/** What is safe on this tablet and has not been sent yet: the one answer that
 *  somebody without a network needs. */
import { count, firstLine, moment } from '../ui/format.js'
import { Icon } from '../ui/icons.jsx'
import { useDesk, useLive, useStatus } from '../ui/live.js'
import { waitingItems } from '../ui/link-words.js'
import { schoolOf, schoolShort, titleOf } from '../ui/model.js'
import { to } from '../ui/route.js'

const SHOWN = 6
const ICONS = { visit: 'note', evidence: 'note', action: 'flag' }

/** Where a record is opened. @param {any} record */
export function addressOf(record) {
  if (!record) return undefined
  const { type, id, fields } = record
  if (type === 'visit') return to('visit', id)
  if (type === 'review') return to('review', id)
  if (type === 'evidence' && record.bucket.startsWith('review/')) {
    return to('review', fields.parent, 'evidence', id)
  }
  if (type === 'evidence') return to('visit', fields.parent, 'evidence', id)
  if (type === 'judgement') return to('review', fields.review, 'judgements')
  if (type === 'action' && fields.school) return to('school', fields.school)
  return undefined
}

function Item({ item }) {
  const { tm } = useDesk()
  const record = tm.get(item.id)
  const school = schoolOf(tm, record)
  const where = school ? `${schoolShort(tm, school)}, ` : ''
  const href = addressOf(record)
  const words = (
    <>
      <strong>{firstLine(titleOf(tm, record), 48)}</strong>
      <span class="tiny soft">
        {where}
        {moment(item.at)}
      </span>
    </>
  )
  return (
    <li>
      <Icon name={ICONS[record?.type] ?? 'note'} />
      {href ? <a href={href}>{words}</a> : <div>{words}</div>}
    </li>
  )
}

function InStep({ status }) {
  if (status.lastComplete === null) return null
  return (
    <p class="tiny soft outnote">
      In step with the trust at {moment(status.lastComplete)}
    </p>
  )
}

export function Waiting() {
  const status = useStatus()
  const items = useLive(waitingItems, [status])
  const done = status.pending === 0 && status.upToDate
  return (
    <aside class="card out" aria-labelledby="waiting">
      <h2 id="waiting">Waiting to send</h2>
      {items.length > 0 && (
        <p class="small soft">
          Safe on this tablet. They go by themselves when there is a network;
          you need do nothing.
        </p>
      )}
      {items.length === 0 && (
        <p class="nothing">
          {done && <Icon name="check" />}
          <span>{done ? 'All work sent' : 'Nothing is waiting'}</span>
        </p>
      )}
      <ul>
        {items.slice(0, SHOWN).map((item) => (
          <Item key={item.id} item={item} />
        ))}
      </ul>
      {items.length > SHOWN && (
        <a class="btn quiet" href={to('this-device')}>
          And {count(items.length - SHOWN, 'more', 'more')}
        </a>
      )}
      <InStep status={status} />
    </aside>
  )
}
