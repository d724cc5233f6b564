/** One review: the evidence of the day, and what the team judges from it. */
import { clock, count, firstLine, listed, longDate } from '../ui/format.js'
import { Icon } from '../ui/icons.jsx'
import { useDesk, useLive } from '../ui/live.js'
import * as model from '../ui/model.js'
import { go, to } from '../ui/route.js'
import { StatusTag } from '../ui/StatusTag.jsx'
import { choiceLabel } from '../ui/words.js'
import { Asks } from './Asks.jsx'
import { WorkDesk } from './Desk.jsx'
import { Evidence } from './Evidence.jsx'
import { Judgements } from './Judgements.jsx'
import { Page } from '../ui/Page.jsx'
import { ReviewPaper } from './ReviewPaper.jsx'
import { isSealed, Sign } from './Sign.jsx'
import { useStartEvidence } from './start.js'

const PARTS = [
  ['judgements', 'Judgements', 'plan'],
  ['paper', 'Enquiry and summary', 'book'],
]

function Note({ item, review, here }) {
  const { tm } = useDesk()
  const f = item.fields
  return (
    <li>
      <a
        href={to('review', review.id, 'evidence', item.id)}
        aria-current={here ? 'true' : undefined}
      >
        <strong>{firstLine(f.summary || f.detail || 'New note', 60)}</strong>
        <span class="tiny soft">
          {[
            f.areas?.[0] && choiceLabel(tm, 'area', f.areas[0]),
            clock(f.seen_at),
            f.by !== tm.person.id && model.personName(tm, f.by),
          ]
            .filter(Boolean)
            .join(', ')}
        </span>
        <StatusTag id={item.id} />
      </a>
    </li>
  )
}

function Side({ review, part, item, may }) {
  const notes = useLive((tm) => model.evidence(tm, review.id), [review.id])
  const start = useStartEvidence()
  const add = async () => {
    const id = await start(review)
    if (id) go('review', review.id, 'evidence', id)
  }
  return (
    <nav aria-label="This review">
      <ol>
        {PARTS.map(([name, words, icon]) => (
          <li key={name}>
            <a
              class="whole"
              href={to('review', review.id, name)}
              aria-current={part === name ? 'true' : undefined}
            >
              <strong>
                <Icon name={icon} />
                {words}
              </strong>
            </a>
          </li>
        ))}
      </ol>
      <div class="bar">
        <h2>Evidence</h2>
        <span class="tiny soft">{count(notes.length, 'note')}</span>
      </div>
      {may && (
        <button class="btn" onClick={add}>
          <Icon name="plus" />
          New evidence
        </button>
      )}
      <ol>
        {notes.map((n) => (
          <Note key={n.id} item={n} review={review} here={n.id === item} />
        ))}
      </ol>
    </nav>
  )
}

function about(tm, { fields: f }) {
  const team = (f.team ?? []).map((id) => model.personName(tm, id))
  return (
    `${choiceLabel(tm, 'review_kind', f.kind)}, ${longDate(f.starts)}` +
    (team.length ? `. ${listed(team)}` : '')
  )
}

/** @param {{ id: string, part?: string, item?: string }} props */
export function Review({ id, part = 'judgements', item }) {
  const { tm } = useDesk()
  const review = useLive((client) => client.get(id), [id])
  const evidence = useLive((client) => item && client.get(item), [item])
  const sealed = useLive((client) => isSealed(client, client.get(id)), [id])
  if (!review || review.deleted) {
    return (
      <Page title="This review is not here">
        <p>
          It has not arrived on this tablet, or your access to it has ended.
        </p>
        <a class="btn" href={to('reviews')}>
          Your reviews
        </a>
      </Page>
    )
  }
  const open = !sealed
  const may = open && tm.may('create', 'judgement', review.bucket)
  const shown = part === 'evidence' && evidence && !evidence.deleted
  return (
    <WorkDesk
      back={{ href: to('reviews'), words: 'Reviews' }}
      title={model.schoolName(tm, review.fields.school)}
      about={about(tm, review)}
      side={
        <Side
          review={review}
          part={shown ? 'evidence' : part}
          item={shown ? item : undefined}
          may={may}
        />
      }
      foot={
        shown && (
          <a class="btn go" href={to('review', id, 'judgements')}>
            Finish note
          </a>
        )
      }
    >
      {shown && (
        <Evidence
          key={item}
          record={evidence}
          readOnly={!may}
          lines
          onRemoved={() => go('review', id)}
        />
      )}
      {!shown && <Asks record={review} readOnly={!may} />}
      {!shown && part === 'paper' && (
        <ReviewPaper review={review} readOnly={!may} />
      )}
      {!shown && part !== 'paper' && (
        <Judgements review={review} readOnly={!may} />
      )}
      {!shown && <Sign record={review} />}
    </WorkDesk>
  )
}
