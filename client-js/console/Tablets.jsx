/** The tablets: who has them, when they were last heard, what they still hold. */
import { count, howLong } from '../ui/format.js'
import { Icon } from '../ui/icons.jsx'
import { useDesk, useLive } from '../ui/live.js'
import { personName } from '../ui/model.js'
import { Page } from '../ui/Page.jsx'
import { to } from '../ui/route.js'
import { tabletsOf, tabletState } from './tablets.js'

const ago = (at, now) => (at ? howLong(now - at) : 'never')

function Row({ device, now }) {
  const { tm } = useDesk()
  const f = device.fields
  const { tone, words } = tabletState(device, now)
  const facts = [
    f.person && personName(tm, f.person),
    f.platform,
    f.app_version && `version ${f.app_version}`,
    f.asset,
  ]
    .filter(Boolean)
    .join(', ')
  return (
    <li>
      <Icon name="tablet" />
      <a class="main" href={to('record', device.id)}>
        <strong>{f.label}</strong>
        <span class="tiny soft">{facts}</span>
      </a>
      <span class="tiny soft num">
        heard {ago(f.last_seen, now)} · all sent {ago(f.last_complete, now)}
      </span>
      <span class={`tag ${tone}`}>{words}</span>
      <Icon name="right" />
    </li>
  )
}

export function Tablets() {
  const tablets = useLive(tabletsOf)
  const now = Date.now()
  return (
    <Page title="Tablets" about="The ones longest unheard of come first.">
      {tablets.length > 0 && (
        <ul class="card rows list">
          {tablets.map((d) => (
            <Row key={d.id} device={d} now={now} />
          ))}
        </ul>
      )}
      {tablets.length === 0 && (
        <p class="empty">
          No tablet has been listed yet ({count(0, 'device')}).
        </p>
      )}
    </Page>
  )
}
