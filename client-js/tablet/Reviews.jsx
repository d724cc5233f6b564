/** The reviews this person is on, the next or latest first. */
import { nearDate } from '../ui/format.js'
import { Icon } from '../ui/icons.jsx'
import { useDesk, useLive } from '../ui/live.js'
import { byNewest, evidence, schoolName } from '../ui/model.js'
import { to } from '../ui/route.js'
import { StatusTag } from '../ui/StatusTag.jsx'
import { choiceLabel } from '../ui/words.js'
import { count } from '../ui/format.js'
import { Page } from '../ui/Page.jsx'

function Row({ review }) {
  const { tm } = useDesk()
  const notes = useLive(
    (client) => evidence(client, review.id).length,
    [review.id],
  )
  const f = review.fields
  return (
    <li>
      <time class="day" dateTime={f.starts}>
        {nearDate(f.starts)}
      </time>
      <a class="main" href={to('review', review.id)}>
        <strong>{schoolName(tm, f.school)}</strong>
        <span class="tiny soft">
          {choiceLabel(tm, 'review_kind', f.kind)}, {count(notes, 'note')}
        </span>
      </a>
      <StatusTag id={review.id} />
      <Icon name="right" />
    </li>
  )
}

export function Reviews() {
  const reviews = useLive((tm) => tm.list('review').sort(byNewest('starts')))
  return (
    <Page title="Reviews" about="The reviews that you are on.">
      {reviews.length > 0 && (
        <ul class="card rows list">
          {reviews.map((r) => (
            <Row key={r.id} review={r} />
          ))}
        </ul>
      )}
      {reviews.length === 0 && (
        <p class="empty">
          Reviews appear here once you have been named on one.
        </p>
      )}
    </Page>
  )
}
