/** The week at a glance: what came in, what waits, where the schools are. */
import { allAsks } from '../ui/asks.js'
import {
  addDays,
  count,
  dueWords,
  endOfWeek,
  firstLine,
  howLong,
  longDate,
  noon,
  plainDate,
  today,
} from '../ui/format.js'
import { Icon } from '../ui/icons.jsx'
import { useDesk, useLive } from '../ui/live.js'
import * as model from '../ui/model.js'
import { Page } from '../ui/Page.jsx'
import { to } from '../ui/route.js'
import { HeatMap } from './HeatMap.jsx'
import { cameIn } from './stream.js'
import { isSilent, tabletsOf, tabletState } from './tablets.js'

const SHOWN = 4

/** What the four tiles count. */
function figures(tm, monday) {
  const saves = cameIn(tm)
  const since = noon(monday).getTime() - 12 * 3_600_000
  const week = saves.filter((s) => s.at >= since)
  const visits = model.visits(tm)
  return {
    week: week.length,
    people: new Set(week.map((s) => s.by)).size,
    visits: visits.filter(
      (v) => v.fields.date >= monday && v.fields.date <= endOfWeek(monday),
    ).length,
    allVisits: visits.length,
    joined: saves.filter((s) => s.merged).length,
    settle: allAsks(tm),
  }
}

function Tiles({ now }) {
  const { tm } = useDesk()
  const monday = addDays(endOfWeek(now), -6)
  const f = useLive((client) => figures(client, monday), [monday])
  const first = f.settle[0]
  const school = first && model.schoolOf(tm, tm.get(first.record))
  return (
    <div class="tiles">
      <a class="card tile" href={to('records', 'visit')}>
        <span class="small soft">Visits this week</span>
        <b>{f.visits}</b>
        <span class="tiny soft">{count(f.allVisits, 'visit note')} in all</span>
      </a>
      <a class="card tile" href={to('came-in')}>
        <span class="small soft">Came in this week</span>
        <b>
          {f.week} <small>{f.week === 1 ? 'save' : 'saves'}</small>
        </b>
        <span class="tiny soft">
          from {count(f.people, 'person', 'people')}
        </span>
      </a>
      <div class="card tile">
        <span class="small soft">Joined without help</span>
        <b>
          {f.joined} <small>{f.joined === 1 ? 'save' : 'saves'}</small>
        </b>
        <span class="tiny soft">two people wrote, and both stand</span>
      </div>
      <a
        class={f.settle.length ? 'card tile ask' : 'card tile'}
        href={to('decide')}
      >
        <span class="small soft">For you to settle</span>
        <b>{f.settle.length}</b>
        <span class="tiny">
          {first
            ? `First: ${school ? model.schoolShort(tm, school) : firstLine(model.titleOf(tm, tm.get(first.record)), 30)}`
            : 'Nothing waits for a person'}
        </span>
      </a>
    </div>
  )
}

function NotHeard() {
  const { tm } = useDesk()
  const tablets = useLive(tabletsOf)
  const now = Date.now()
  const shown = tablets
    .filter(
      (d) =>
        isSilent(d, now) || d.fields.unsent > 0 || d.fields.state === 'lost',
    )
    .slice(0, SHOWN)
  return (
    <section class="card pad" aria-labelledby="heard">
      <h2 id="heard">Not heard from</h2>
      <p class="small soft">
        {shown.length
          ? 'Tablets with work that may not have arrived.'
          : 'Every tablet is in step.'}
      </p>
      <ul class="rows">
        {shown.map((d) => {
          const { tone, words } = tabletState(d, now)
          return (
            <li key={d.id}>
              <a class="main" href={to('record', d.id)}>
                <strong>{d.fields.label}</strong>
                <span class="tiny soft">
                  {d.fields.person &&
                    `${model.personName(tm, d.fields.person)}, `}
                  {d.fields.last_seen
                    ? `heard ${howLong(now - d.fields.last_seen)} ago`
                    : 'never heard'}
                </span>
              </a>
              <span class={`tag ${tone}`}>{words}</span>
            </li>
          )
        })}
      </ul>
      <a class="btn quiet" href={to('tablets')}>
        All {count(tablets.length, 'tablet')}
        <Icon name="right" />
      </a>
    </section>
  )
}

function Due({ now }) {
  const { tm } = useDesk()
  const due = useLive(
    (client) => {
      const all = new Set(client.list('school').map((s) => s.id))
      return model.dueActions(client, all, addDays(now, 14))
    },
    [now],
  )
  return (
    <section class="card pad" aria-labelledby="due">
      <h2 id="due">Actions due</h2>
      {due.length === 0 && (
        <p class="small soft">Nothing in the next two weeks.</p>
      )}
      <ul class="rows">
        {due.slice(0, SHOWN).map((a) => (
          <li key={a.id}>
            <a class="main" href={to('record', a.id)}>
              <strong>{firstLine(a.fields.what, 54)}</strong>
              <span class="tiny soft">
                {[
                  a.fields.school && model.schoolShort(tm, a.fields.school),
                  a.fields.who && model.personName(tm, a.fields.who),
                ]
                  .filter(Boolean)
                  .join(', ')}
              </span>
            </a>
            <span class={a.fields.due < now ? 'tag ask' : 'tag wait'}>
              {dueWords(a.fields.due, now)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

export function Overview() {
  const now = today()
  const about = useLive(
    (tm) => {
      const term = model.termOf(tm, now)
      const schools = count(tm.list('school').length, 'school')
      if (!term) return `${schools}. ${longDate(now)}`
      const week = Math.floor(model.daysInto(term, now) / 7) + 1
      return `${schools}, ${term.fields.name}, week ${week}, to ${plainDate(term.fields.ends)}`
    },
    [now],
  )
  return (
    <Page title={longDate(now)} about={about}>
      <Tiles now={now} />
      <div class="lay">
        <HeatMap />
        <div class="stack">
          <NotHeard />
          <Due now={now} />
        </div>
      </div>
    </Page>
  )
}
