/** One visit: its note, and the evidence gathered on it. */
import {
  count,
  firstLine,
  clock,
  longDate,
  today,
  shortDate,
  dateOf,
} from '../ui/format.js'
import { Icon } from '../ui/icons.jsx'
import { useDesk, useLive } from '../ui/live.js'
import * as model from '../ui/model.js'
import { go, to } from '../ui/route.js'
import { StatusTag } from '../ui/StatusTag.jsx'
import { choiceLabel } from '../ui/words.js'
import { Asks } from './Asks.jsx'
import { WorkDesk } from './Desk.jsx'
import { Evidence } from './Evidence.jsx'
import { Page } from '../ui/Page.jsx'
import { asksFirst, isSealed, Sign } from './Sign.jsx'
import { useStartEvidence } from './start.js'
import { VisitNote } from './VisitNote.jsx'

/** When a note was made: the hour on the day itself, else the day. */
const madeAt = (at, date) =>
  dateOf(new Date(at)) === date ? clock(at) : shortDate(dateOf(new Date(at)))

function Note({ item, visit, here }) {
  const { tm } = useDesk()
  const f = item.fields
  const area = f.areas?.[0] && choiceLabel(tm, 'area', f.areas[0])
  const title = f.summary || firstLine(f.detail ?? '', 44) || 'New note'
  const by = f.by !== tm.person.id && model.personName(tm, f.by)
  return (
    <li>
      <a
        href={to('visit', visit.id, 'evidence', item.id)}
        aria-current={here ? 'true' : undefined}
      >
        <strong>{firstLine(title, 60)}</strong>
        <span class="tiny soft">
          {[area, madeAt(f.seen_at, visit.fields.date), by]
            .filter(Boolean)
            .join(', ')}
        </span>
        <StatusTag id={item.id} />
      </a>
    </li>
  )
}

function Side({ visit, item, may }) {
  const notes = useLive((tm) => model.evidence(tm, visit.id), [visit.id])
  const start = useStartEvidence()
  const add = async () => {
    const id = await start(visit)
    if (id) go('visit', visit.id, 'evidence', id)
  }
  return (
    <nav aria-label="This visit">
      <div class="bar">
        <h2>This visit</h2>
        <span class="tiny soft">{count(notes.length, 'note')}</span>
      </div>
      <ol>
        <li>
          <a
            class="whole"
            href={to('visit', visit.id)}
            aria-current={item ? undefined : 'true'}
          >
            <strong>
              <Icon name="note" />
              Visit note
            </strong>
            <StatusTag id={visit.id} />
          </a>
        </li>
        {notes.map((n) => (
          <Note key={n.id} item={n} visit={visit} here={n.id === item} />
        ))}
      </ol>
      {may && (
        <button class="btn" onClick={add}>
          <Icon name="plus" />
          New evidence
        </button>
      )}
      <p class="tiny soft hint">
        <Icon name="lock" />
        Use a year group, never a pupil’s name.
      </p>
    </nav>
  )
}

function about(tm, { fields }) {
  const kind = choiceLabel(tm, 'visit_kind', fields.kind) || 'Visit'
  const day = fields.date === today() ? 'today' : longDate(fields.date)
  return `${kind}, ${day}${fields.with_roles ? `, with ${fields.with_roles}` : ''}`
}

/** @param {{ id: string, item?: string }} props */
export function Visit({ id, item }) {
  const { tm } = useDesk()
  const visit = useLive((client) => client.get(id), [id])
  const evidence = useLive((client) => item && client.get(item), [item])
  const sealed = useLive((client) => isSealed(client, client.get(id)), [id])
  const asks = useLive((client) => asksFirst(client, client.get(id)), [id])
  if (!visit || visit.deleted) {
    return (
      <Page title="This visit is not here">
        <p>It has not arrived on this tablet, or somebody has removed it.</p>
        <a class="btn" href={to()}>
          Today
        </a>
      </Page>
    )
  }
  const open = !sealed
  const may = open && tm.may('write', 'visit', visit.bucket)
  const shown = evidence && !evidence.deleted ? evidence : undefined
  return (
    <WorkDesk
      back={{ href: to(), words: 'Today' }}
      title={model.schoolName(tm, visit.fields.school)}
      about={about(tm, visit)}
      side={<Side visit={visit} item={shown?.id} may={may} />}
      foot={
        shown && (
          <a class="btn go" href={to('visit', id)}>
            Finish note
          </a>
        )
      }
    >
      {shown ? (
        <Evidence
          key={shown.id}
          record={shown}
          readOnly={!may}
          onRemoved={() => go('visit', id)}
        />
      ) : (
        <>
          <Asks record={visit} readOnly={!may} />
          {asks && <Sign record={visit} />}
          <VisitNote key={id} visit={visit} readOnly={!may} />
          {!asks && <Sign record={visit} />}
        </>
      )}
    </WorkDesk>
  )
}
