/**
 * Today: the visits of the day (or, on a day without, the ones to carry on
 * with), the schools, what is due, and what still waits to be sent.
 */
import * as format from '../ui/format.js'
import { Icon } from '../ui/icons.jsx'
import { useDesk, useLive, useStatus } from '../ui/live.js'
import * as model from '../ui/model.js'
import { to } from '../ui/route.js'
import { StatusTag } from '../ui/StatusTag.jsx'
import { choiceLabel } from '../ui/words.js'
import { DueActions } from './Actions.jsx'
import { Page } from '../ui/Page.jsx'
import { NeedsYou } from './NeedsYou.jsx'
import { SchoolTile } from './SchoolTile.jsx'
import { useStartVisit } from './start.js'
import { Waiting } from './Waiting.jsx'

const VISITS_SHOWN = 2
const TILES_SHOWN = 6

/** What to show: today’s visits, then the open ones, then the latest. */
function visitsToShow(tm, now) {
  const all = model.visits(tm)
  const todays = all.filter((v) => v.fields.date === now)
  const past = all.filter((v) => v.fields.date < now)
  const rest = [...past.filter(isDraft), ...past.filter((v) => !isDraft(v))]
  return {
    todays,
    rest: rest.slice(0, Math.max(0, VISITS_SHOWN - todays.length)),
    planned: plannedFor(all, now),
  }
}

const isDraft = ({ fields }) => (fields.state ?? 'draft') === 'draft'

/** Visits that a note has promised for today, and nobody has begun. */
function plannedFor(all, now) {
  const begun = new Set(
    all.filter((v) => v.fields.date === now).map((v) => v.fields.school),
  )
  return all.filter(
    (v) => v.fields.next_visit === now && !begun.has(v.fields.school),
  )
}

function Time({ date, now }) {
  if (date === now) return <time dateTime={date}>Today</time>
  return (
    <time dateTime={date} class="past">
      {format.shortDate(date, now)}
    </time>
  )
}

function VisitCard({ visit, now, first }) {
  const { tm } = useDesk()
  const notes = useLive(
    (client) => model.evidence(client, visit.id).length,
    [visit.id],
  )
  const f = visit.fields
  const kind = choiceLabel(tm, 'visit_kind', f.kind) || 'Visit'
  return (
    <article class={first ? 'card visit now' : 'card visit'}>
      <Time date={f.date} now={now} />
      <div>
        <h2>{model.schoolName(tm, f.school)}</h2>
        <p class="small soft">
          {kind}
          {f.with_roles ? `, with ${f.with_roles}` : ''}
        </p>
        <div class="meta">
          {notes > 0 && <span class="tag">{format.count(notes, 'note')}</span>}
          <StatusTag id={visit.id} />
        </div>
      </div>
      <a class={first ? 'btn go' : 'btn'} href={to('visit', visit.id)}>
        {first && <Icon name="note" />}
        {isDraft(visit) ? 'Carry on' : 'Read'}
      </a>
    </article>
  )
}

function PlannedCard({ visit, now }) {
  const { tm } = useDesk()
  const start = useStartVisit()
  return (
    <article class="card visit">
      <Time date={now} now={now} />
      <div>
        <h2>{model.schoolName(tm, visit.fields.school)}</h2>
        <p class="small soft">
          Planned on {format.plainDate(visit.fields.date, now)}
        </p>
      </div>
      <button class="btn" onClick={() => start(visit.fields.school)}>
        Start
      </button>
    </article>
  )
}

function Visits({ now }) {
  const { todays, rest, planned } = useLive(
    (tm) => visitsToShow(tm, now),
    [now],
  )
  if (todays.length + rest.length + planned.length === 0) {
    return (
      <div class="card pad">
        <h2>No visit is open</h2>
        <p class="soft">
          Choose a school below to start one. It works without a network.
        </p>
      </div>
    )
  }
  const shown = [...todays, ...rest]
  return (
    <section class="visits" aria-label="Visits">
      {todays.map((v, i) => (
        <VisitCard key={v.id} visit={v} now={now} first={i === 0} />
      ))}
      {planned.map((v) => (
        <PlannedCard key={v.id} visit={v} now={now} />
      ))}
      {rest.map((v) => (
        <VisitCard key={v.id} visit={v} now={now} first={v === shown[0]} />
      ))}
    </section>
  )
}

function Schools() {
  const schools = useLive(model.mySchools)
  const grades = useLive(model.areaGrades)
  return (
    <>
      <div class="sec">
        <h2>Your schools</h2>
        {schools.length > TILES_SHOWN && (
          <a class="btn quiet" href={to('schools')}>
            See all {schools.length}
            <Icon name="right" />
          </a>
        )}
      </div>
      <div class="schools">
        {schools.slice(0, TILES_SHOWN).map((school) => (
          <SchoolTile
            key={school.id}
            school={school}
            grades={grades.get(school.id)}
          />
        ))}
      </div>
      {schools.length === 0 && (
        <p class="empty">Your schools appear here once they have arrived.</p>
      )}
    </>
  )
}

/** “Good morning, Priya. Two visits today, week 4 of the term.” */
function about(tm, now, hour) {
  const name = format.firstName(tm.person.name)
  const visits = model.visits(tm).filter((v) => v.fields.date === now).length
  const term = model.termOf(tm, now)
  const week = term
    ? `, week ${Math.floor(format.daysBetween(term.fields.starts, now) / 7) + 1} of the term`
    : ''
  return `${format.greeting(hour)}, ${name}. ${format.capital(
    format.count(visits, 'visit'),
  )} today${week}.`
}

export function Today() {
  useStatus()
  const now = format.today()
  const hour = new Date().getHours()
  const line = useLive((tm) => about(tm, now, hour), [now, hour])
  const visiting = useLive((tm) =>
    tm.scope.some((b) => b.name.startsWith('oversight/')),
  )
  return (
    <Page title={format.longDate(now)} about={line}>
      <div class="grid">
        <div>
          <NeedsYou />
          {visiting && <Visits now={now} />}
          <Schools />
          <DueActions now={now} />
        </div>
        <Waiting />
      </div>
    </Page>
  )
}
