/** One school as a tile: its ring, its short name, the last or next visit. */
import { nearDate, today } from '../ui/format.js'
import { useDesk, useLive } from '../ui/live.js'
import { visits } from '../ui/model.js'
import { Ring } from '../ui/Ring.jsx'
import { to } from '../ui/route.js'

function lastWords(tm, school, now) {
  const all = visits(tm, school)
  const next = all
    .map((v) => v.fields.next_visit)
    .filter((d) => d >= now)
    .sort()[0]
  const last = all.find((v) => v.fields.date <= now)?.fields.date
  if (last === now) return 'Here today'
  if (next && (!last || next < last || next === now))
    return `Next ${nearDate(next, now)}`
  if (last) return `Visited ${nearDate(last, now)}`
  return 'No visit yet'
}

/** @param {{ school: any, grades?: any, full?: boolean }} props */
export function SchoolTile({ school, grades, full }) {
  const { tm } = useDesk()
  const now = today()
  const last = useLive(
    (client) => lastWords(client, school.id, now),
    [school.id, now],
  )
  const { name, short_name: short } = school.fields
  return (
    <a class="card school" href={to('school', school.id)}>
      <Ring tm={tm} grades={grades} />
      <span>
        <strong>{full ? name : (short ?? name)}</strong>
        <span class="tiny soft">{last}</span>
      </span>
    </a>
  )
}
