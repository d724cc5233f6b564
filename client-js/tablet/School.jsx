/** One school: its visits, its plan and actions, how to get online there. */
import { count, listed, nearDate } from '../ui/format.js'
import { Icon } from '../ui/icons.jsx'
import { useDesk, useLive } from '../ui/live.js'
import * as model from '../ui/model.js'
import { Ring } from '../ui/Ring.jsx'
import { to } from '../ui/route.js'
import { choiceLabel } from '../ui/words.js'
import { ActionRow } from './Actions.jsx'
import { Page } from '../ui/Page.jsx'
import { mayVisit, useStartVisit } from './start.js'
import { VisitRow } from './VisitRow.jsx'

/** The school's priorities, each with its actions; then the other actions. */
function plan(tm, school) {
  const plans = new Set(
    tm.list('action_plan', (p) => p.fields.school === school).map((p) => p.id),
  )
  const actions = tm.list('action', (a) => a.fields.school === school)
  const priorities = tm
    .list('priority', (p) => plans.has(p.fields.plan))
    .sort(model.byText('order'))
    .map((priority) => ({
      priority,
      actions: actions.filter((a) => a.fields.parent === priority.id),
    }))
  const grouped = new Set(priorities.flatMap((p) => p.actions.map((a) => a.id)))
  return {
    priorities,
    other: actions.filter((a) => !grouped.has(a.id)).sort(model.byText('due')),
  }
}

const TONE = { red: 'ask', amber: 'wait', green: 'sent', blue: 'sent' }

function Progress({ label, value }) {
  const { tm } = useDesk()
  if (!value) return null
  return (
    <span class={`tag ${TONE[value] ?? ''}`}>
      {label}: {choiceLabel(tm, 'rag', value).split(':')[0].toLowerCase()}
    </span>
  )
}

function Priority({ priority, actions }) {
  const f = priority.fields
  return (
    <section class="card pad priority">
      <h3>{f.title}</h3>
      <div class="meta">
        <Progress label="School" value={f.school_progress} />
        <Progress label="Hub" value={f.hub_progress} />
      </div>
      {f.intended_impact && <p class="small soft">{f.intended_impact}</p>}
      <ul class="rows">
        {actions.map((a) => (
          <ActionRow key={a.id} action={a} />
        ))}
      </ul>
    </section>
  )
}

function Plan({ school }) {
  const { priorities, other } = useLive((tm) => plan(tm, school), [school])
  if (priorities.length + other.length === 0) {
    return <p class="soft">No plan or action has been shared yet.</p>
  }
  return (
    <div class="stack">
      {priorities.map((p) => (
        <Priority key={p.priority.id} {...p} />
      ))}
      {other.length > 0 && (
        <section class="card pad">
          <h3>{priorities.length ? 'Other actions' : 'Actions'}</h3>
          <ul class="rows">
            {other.map((a) => (
              <ActionRow key={a.id} action={a} />
            ))}
          </ul>
        </section>
      )}
    </div>
  )
}

function Visits({ school, may }) {
  const visits = useLive((tm) => model.visits(tm, school), [school])
  return (
    <section aria-labelledby="visits">
      <div class="sec">
        <h2 id="visits">Visits</h2>
      </div>
      {visits.length > 0 && (
        <ul class="card rows list">
          {visits.map((v) => (
            <VisitRow key={v.id} visit={v} />
          ))}
        </ul>
      )}
      {visits.length === 0 && (
        <p class="soft">
          {may ? 'No visit yet. Start one above.' : 'No visit yet.'}
        </p>
      )}
    </section>
  )
}

function about(tm, school) {
  const f = school.fields
  const heads = (f.headteachers ?? []).map((id) => model.personName(tm, id))
  const sendcos = (f.sendcos ?? []).map((id) => model.personName(tm, id))
  return [
    choiceLabel(tm, 'phase', f.phase),
    f.on_roll && `${count(f.on_roll, 'pupil')}`,
    heads.length > 0 && `headteacher ${listed(heads)}`,
    sendcos.length > 0 && `SENDCo ${listed(sendcos)}`,
  ]
    .filter(Boolean)
    .join(' · ')
}

function Shared({ school }) {
  const reports = useLive(
    (tm) =>
      tm
        .list('shared_report', (r) => r.fields.school === school)
        .sort((a, b) => b.fields.shared_at - a.fields.shared_at),
    [school],
  )
  if (reports.length === 0) return null
  return (
    <section class="card pad">
      <h3>Shared with the school</h3>
      <ul class="rows">
        {reports.map(({ id, fields }) => (
          <li key={id}>
            <span class="main">{fields.title}</span>
            <span class="tiny soft">
              {nearDate(new Date(fields.shared_at).toISOString().slice(0, 10))}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** @param {{ id: string }} props */
export function School({ id }) {
  const { tm } = useDesk()
  const start = useStartVisit()
  const school = useLive((client) => client.get(id), [id])
  const grades = useLive((client) => model.areaGrades(client).get(id), [id])
  if (!school) {
    return (
      <Page title="This school is not here">
        <p>It has not arrived on this tablet, or it is not one of yours.</p>
        <a class="btn" href={to('schools')}>
          Your schools
        </a>
      </Page>
    )
  }
  const may = mayVisit(tm, id)
  const sees = model.bucketOf(tm, 'oversight', id) !== undefined
  return (
    <Page
      title={school.fields.name}
      about={about(tm, school)}
      before={<Ring tm={tm} grades={grades} big />}
    >
      <div class="grid">
        <div>
          {may && (
            <button class="btn go" onClick={() => start(id)}>
              <Icon name="plus" />
              New visit
            </button>
          )}
          {sees && <Visits school={id} may={may} />}
          <div class="sec">
            <h2>Plan and actions</h2>
          </div>
          <Plan school={id} />
        </div>
        <div class="stack">
          {school.fields.getting_online && (
            <section class="card pad online">
              <h3>
                <Icon name="wifi" />
                Getting online here
              </h3>
              <p class="small">{school.fields.getting_online}</p>
            </section>
          )}
          <Areas grades={grades} />
          <Shared school={id} />
        </div>
      </div>
    </Page>
  )
}

function Areas({ grades = {} }) {
  const { tm } = useDesk()
  return (
    <section class="card pad">
      <h3>Where it is</h3>
      <ul class="rows areas">
        {model.AREAS.map(([area]) => {
          const grade = grades[area]?.grade
          return (
            <li key={area}>
              <span class="main">{choiceLabel(tm, 'area', area)}</span>
              <span class="tiny soft">
                {grade ? model.maturityLabel(tm, grade) : 'Not judged'}
              </span>
              <span
                class={grade ? `grade g${grade}` : 'grade'}
                aria-hidden="true"
              >
                {grade ?? '–'}
              </span>
            </li>
          )
        })}
      </ul>
    </section>
  )
}
