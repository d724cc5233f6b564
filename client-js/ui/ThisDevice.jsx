/** This device: the link, what waits, what is held, whether storage is kept. */
import { Banners } from './Banners.jsx'
import { count, firstLine, moment } from './format.js'
import { Heading } from './Heading.jsx'
import { Icon } from './icons.jsx'
import { useDesk, useLive, useStatus } from './live.js'
import { waitingItems } from './link-words.js'
import { schoolOf, schoolShort, titleOf } from './model.js'
import { StatusPill } from './StatusPill.jsx'
import { heldWords, typeLabel } from './words.js'

const LINK = {
  online: 'In touch with the trust',
  connecting: 'Looking for the trust',
  offline: 'No network. Everything works, and is kept here.',
  portal: 'This Wi-Fi wants a sign-in. Open any web page to see it.',
}
const KEPT = {
  true: 'Kept until you remove it',
  false: 'The browser may clear it after a week without use',
  null: 'Not known yet',
}

function Facts({ status }) {
  const { tm } = useDesk()
  return (
    <dl class="facts card pad">
      <dt>Person</dt>
      <dd>{tm.person.name}</dd>
      <dt>Name</dt>
      <dd>{tm.device.label}</dd>
      <dt>Link</dt>
      <dd>{LINK[status.link]}</dd>
      <dt>Storage</dt>
      <dd>{KEPT[String(status.storageKept)]}</dd>
      <dt>In step</dt>
      <dd>
        {status.lastComplete === null ? 'Not yet' : moment(status.lastComplete)}
      </dd>
    </dl>
  )
}

function Item({ id, words }) {
  const { tm } = useDesk()
  const record = tm.get(id)
  const school = schoolOf(tm, record)
  return (
    <li>
      <div class="main">
        <strong>{firstLine(titleOf(tm, record))}</strong>
        <div class="tiny soft">
          {record && typeLabel(tm, record.type)}
          {school && `, ${schoolShort(tm, school)}`}
        </div>
      </div>
      <span class="tiny soft">{words}</span>
    </li>
  )
}

function Held() {
  const held = useLive((tm) => tm.held())
  if (held.length === 0) return null
  return (
    <section>
      <div class="sec">
        <h2>Held for a decision</h2>
      </div>
      <p class="small soft">
        These words are safe. They have reached the trust, and a person there
        decides what becomes of them.
      </p>
      <ul class="card rows list">
        {held.map((h) => (
          <Item
            key={`${h.seq}/${h.record}`}
            id={h.record}
            words={`${heldWords(h)} ${moment(h.at)}`}
          />
        ))}
      </ul>
    </section>
  )
}

export function ThisDevice() {
  const { tm, face } = useDesk()
  const status = useStatus()
  const items = waitingItems(tm)
  const title = face === 'tablet' ? 'This tablet' : 'This browser'
  return (
    <main class="page" tabIndex={-1}>
      <Banners />
      <div class="top">
        <Heading title={title}>{title}</Heading>
        <StatusPill />
      </div>
      <div class="narrow">
        <Facts status={status} />
        {status.problem && (
          <div class="banner alarm">
            <Icon name="alarm" />
            {status.problem.name === 'unknown_device'
              ? 'The trust does not know this device any more. Your unsent work is still here: ask the central team for a new code.'
              : `Something is in the way: ${status.problem.message}`}
          </div>
        )}
        <div class="sec">
          <h2>
            {items.length
              ? `${count(items.length, 'item')} to send`
              : 'Nothing to send'}
          </h2>
          <button class="btn slim" onClick={() => tm.sync().catch(() => {})}>
            Try now
          </button>
        </div>
        {items.length > 0 && (
          <ul class="card rows list">
            {items.map(({ id, at, sending }) => (
              <Item
                key={id}
                id={id}
                words={`${sending ? 'On its way' : 'Waiting'} since ${moment(at)}`}
              />
            ))}
          </ul>
        )}
        <Held />
      </div>
    </main>
  )
}
