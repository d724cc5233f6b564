/** Who works with the trust, and what for. */
import { useState } from 'preact/hooks'
import { capital, count, plainDate, today } from '../ui/format.js'
import { Icon } from '../ui/icons.jsx'
import { useDesk, useLive } from '../ui/live.js'
import { byText, schoolName, titleOf } from '../ui/model.js'
import { Page } from '../ui/Page.jsx'
import { to } from '../ui/route.js'
import { Avatar } from '../ui/Avatar.jsx'

const peopleOf = (tm) =>
  tm
    .list('person')
    .sort(byText('name'))
    .map((person) => ({
      person,
      roles: tm.list('role_assignment', (r) => r.fields.person === person.id),
    }))

/** “hub lead, Arvor Primary SEND Hub”. */
function roleWords(tm, { role, scope = '', to: until }) {
  const [kind, id] = scope.split('/')
  const place = tm.get(id)
  const where =
    kind === 'school'
      ? schoolName(tm, id)
      : place
        ? titleOf(tm, place)
        : scope === 'all'
          ? 'all schools'
          : kind
  return (
    `${role.replaceAll('_', ' ')}, ${where}` +
    (until ? ` until ${plainDate(until)}` : '')
  )
}

function Row({ person, roles }) {
  const { tm } = useDesk()
  const left = person.fields.to && person.fields.to < today()
  return (
    <li>
      <Avatar id={person.id} />
      <a class="main" href={to('record', person.id)}>
        <strong>{person.fields.name}</strong>
        <span class="tiny soft">
          {[person.fields.job, person.fields.organisation]
            .filter(Boolean)
            .join(', ')}
        </span>
      </a>
      <span class="tiny soft roles">
        {roles.map((r) => capital(roleWords(tm, r.fields))).join('; ')}
      </span>
      {left && <span class="tag wait">Left</span>}
      <Icon name="right" />
    </li>
  )
}

export function People() {
  const [wanted, setWanted] = useState('')
  const people = useLive(peopleOf)
  const shown = people.filter(({ person }) =>
    JSON.stringify(person.fields)
      .toLowerCase()
      .includes(wanted.trim().toLowerCase()),
  )
  return (
    <Page title="People" about={count(people.length, 'person', 'people')}>
      <div class="search narrow">
        <Icon name="search" />
        <input
          class="input"
          type="search"
          aria-label="Find a person"
          placeholder="Find a person"
          value={wanted}
          onInput={(event) => setWanted(event.currentTarget.value)}
        />
      </div>
      <ul class="card rows list spaced">
        {shown.map((p) => (
          <Row key={p.person.id} {...p} />
        ))}
      </ul>
    </Page>
  )
}
