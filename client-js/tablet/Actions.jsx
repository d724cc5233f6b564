/** Agreed actions: ticked off where they are due, added where they are agreed. */
import { useState } from 'preact/hooks'
import { addDays, dueWords, endOfWeek, today } from '../ui/format.js'
import { Icon } from '../ui/icons.jsx'
import { useDesk, useLive } from '../ui/live.js'
import * as model from '../ui/model.js'
import { useSave } from '../ui/save.js'
import { StatusTag } from '../ui/StatusTag.jsx'

const DUE_SHOWN = 4

/** One action with a box to tick. @param {{ action: any, where?: string }} props */
export function ActionRow({ action, where, status }) {
  const { tm } = useDesk()
  const save = useSave()
  const f = action.fields
  const done = f.status === 'complete'
  const may = tm.may('write', 'action', action.bucket)
  const now = today()
  const late = !done && f.due && f.due < now
  const tick = () =>
    save((c) => {
      c.set(action.id, 'status', done ? 'in_progress' : 'complete')
      c.set(action.id, 'done_on', done ? undefined : now)
    })
  const facts = [
    where,
    f.who && model.personName(tm, f.who),
    done ? 'done' : f.due && dueWords(f.due, now),
  ]
    .filter(Boolean)
    .join(', ')
  return (
    <li data-id={action.id}>
      <label class="tick">
        <input type="checkbox" checked={done} disabled={!may} onChange={tick} />
        <span>{f.what}</span>
      </label>
      <span class={late ? 'tiny late' : 'tiny soft'}>{facts}</span>
      {status && <StatusTag id={action.id} />}
    </li>
  )
}

function due(tm, now) {
  const schools = new Set(model.mySchools(tm).map((s) => s.id))
  return model.dueActions(tm, schools, endOfWeek(now))
}

/** Due this week or late, in this person's schools. */
export function DueActions({ now }) {
  const { tm } = useDesk()
  const [ticked, setTicked] = useState([])
  const open = useLive((client) => due(client, now), [now])
  const late = open.some((a) => a.fields.due < addDays(endOfWeek(now), -6))
  const shown = open.slice(0, DUE_SHOWN)
  // A tick stays in sight until the page is left, so that it can be undone.
  const kept = ticked
    .filter((id) => !shown.some((a) => a.id === id))
    .map((id) => tm.get(id))
    .filter(Boolean)
  const watch = (event) => {
    const row = event.target.closest('[data-id]')
    if (row) setTicked((ids) => [...new Set([...ids, row.dataset.id])])
  }
  return (
    <>
      <div class="sec">
        <h2>{late ? 'Due this week, and late' : 'Due this week'}</h2>
        {open.length > DUE_SHOWN && (
          <span class="small soft">
            {DUE_SHOWN} of {open.length}
          </span>
        )}
      </div>
      {shown.length + kept.length === 0 && (
        <p class="soft">Nothing is due this week.</p>
      )}
      {shown.length + kept.length > 0 && (
        <ul class="card due rows" onChange={watch}>
          {[...shown, ...kept].map((action) => (
            <ActionRow
              key={action.id}
              action={action}
              where={
                action.fields.school &&
                model.schoolShort(tm, action.fields.school)
              }
            />
          ))}
        </ul>
      )}
    </>
  )
}

/** A form for one new action. @param {{ parent: any, school: string,
 *   onDone: () => void }} props */
export function NewAction({ parent, school, onDone }) {
  const { tm } = useDesk()
  const save = useSave()
  const [what, setWhat] = useState('')
  const [who, setWho] = useState('')
  const [by, setBy] = useState('')
  const people = useLive((client) => peopleFor(client, school), [school])
  const add = async (event) => {
    event.preventDefault()
    if (!what.trim()) return
    const bucket = model.bucketOf(tm, 'school', school) ?? parent.bucket
    const id = await save((c) =>
      c.create('action', bucket, {
        parent: parent.id,
        school,
        what: what.trim(),
        status: 'not_started',
        ...(who && { who }),
        ...(by && { due: by }),
      }),
    )
    if (id) onDone()
  }
  return (
    <form class="card pad new-action" onSubmit={add}>
      <div class="field wide">
        <label class="label" for="action-what">
          What will be done
        </label>
        <input
          id="action-what"
          class="input"
          autocomplete="off"
          value={what}
          onInput={(event) => setWhat(event.currentTarget.value)}
          ref={(box) => box && !what && box.focus()}
        />
      </div>
      <div class="field">
        <label class="label" for="action-who">
          Who
        </label>
        <select
          id="action-who"
          value={who}
          onChange={(event) => setWho(event.currentTarget.value)}
        >
          <option value="">Not agreed yet</option>
          {people.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <div class="field">
        <label class="label" for="action-due">
          By when
        </label>
        <input
          id="action-due"
          class="input"
          type="date"
          value={by}
          onChange={(event) => setBy(event.currentTarget.value)}
        />
      </div>
      <div class="row wide">
        <button class="btn go">Add the action</button>
        <button class="btn" type="button" onClick={onDone}>
          Cancel
        </button>
      </div>
    </form>
  )
}

/** Who an action at a school is likely to go to: its leaders, and me. */
function peopleFor(tm, school) {
  const f = tm.get(school)?.fields ?? {}
  const ids = new Set([
    ...(f.sendcos ?? []),
    ...(f.headteachers ?? []),
    tm.person.id,
  ])
  return [...ids].map((id) => ({ id, name: model.personName(tm, id) }))
}

/** The actions of one record, with a way to add one.
 *  @param {{ parent: any, school: string, title: string }} props */
export function ActionsOf({ parent, school, title }) {
  const { tm } = useDesk()
  const [adding, setAdding] = useState(false)
  const actions = useLive(
    (client) => client.list('action', (a) => a.fields.parent === parent.id),
    [parent.id],
  )
  const bucket = model.bucketOf(tm, 'school', school)
  const may = model.mayIn(tm, 'create', 'action', bucket)
  return (
    <section aria-labelledby={`actions-${parent.id}`}>
      <div class="sec">
        <h2 id={`actions-${parent.id}`}>{title}</h2>
        {may && !adding && (
          <button class="btn slim" onClick={() => setAdding(true)}>
            <Icon name="flag" />
            Add an action
          </button>
        )}
      </div>
      {adding && (
        <NewAction
          parent={parent}
          school={school}
          onDone={() => setAdding(false)}
        />
      )}
      {actions.length > 0 && (
        <ul class="card due rows">
          {actions.map((a) => (
            <ActionRow key={a.id} action={a} status />
          ))}
        </ul>
      )}
      {actions.length === 0 && !adding && <p class="soft">None yet.</p>}
    </section>
  )
}
