/** Where each school is, by area: a table first, coloured second. */
import { nearDate, today } from '../ui/format.js'
import { Icon } from '../ui/icons.jsx'
import { useDesk, useLive } from '../ui/live.js'
import {
  AREAS,
  areaGrades,
  byText,
  maturityLabel,
  visits,
} from '../ui/model.js'
import { to } from '../ui/route.js'
import { choiceLabel } from '../ui/words.js'

const GRADES = [4, 3, 2, 1]

function Cell({ area }) {
  const { tm } = useDesk()
  if (!area) {
    return (
      <td>
        <span class="hm">
          <span aria-hidden="true">–</span>
          <span class="visually-hidden">not judged</span>
        </span>
      </td>
    )
  }
  const { grade, before = grade } = area
  const way = grade > before ? 'up' : 'down'
  return (
    <td>
      <span class={`hm g${grade}`}>
        {grade}
        <span class="visually-hidden">
          {maturityLabel(tm, grade)}
          {grade !== before &&
            `, ${way === 'up' ? 'better' : 'worse'} than last time`}
        </span>
        {grade !== before && <Icon name={way} />}
      </span>
    </td>
  )
}

function Row({ school, grades = {} }) {
  const now = today()
  const last = useLive(
    (tm) =>
      visits(tm, school.id).find((v) => v.fields.date <= now)?.fields.date,
    [school.id],
  )
  return (
    <tr>
      <th scope="row">
        <a href={to('came-in', school.id)}>
          {school.fields.short_name ?? school.fields.name}
        </a>
      </th>
      {AREAS.map(([area]) => (
        <Cell key={area} area={grades[area]} />
      ))}
      <td class="last">{last ? nearDate(last, now) : 'none yet'}</td>
    </tr>
  )
}

export function HeatMap() {
  const { tm } = useDesk()
  const schools = useLive((client) =>
    client
      .list('school', (s) => s.fields.status !== 'left')
      .sort(byText('short_name')),
  )
  const grades = useLive(areaGrades)
  return (
    <section class="card heat" aria-labelledby="heat">
      <div class="bar">
        <h2 id="heat">Where each school is</h2>
        <div class="keyrow">
          {GRADES.map((g) => (
            <span key={g}>
              <span class={`grade g${g}`}>{g}</span>
              {maturityLabel(tm, g)}
            </span>
          ))}
          <span>
            <Icon name="up" />
            better
          </span>
          <span>
            <Icon name="down" />
            worse
          </span>
        </div>
      </div>
      <table>
        <thead>
          <tr>
            <th scope="col">School</th>
            {AREAS.map(([area]) => (
              <th key={area} scope="col">
                {choiceLabel(tm, 'area', area).replace('High Quality ', '')}
              </th>
            ))}
            <th scope="col" class="last">
              Last visit
            </th>
          </tr>
        </thead>
        <tbody>
          {schools.map((s) => (
            <Row key={s.id} school={s} grades={grades.get(s.id)} />
          ))}
        </tbody>
      </table>
    </section>
  )
}
