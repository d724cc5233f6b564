/** The tablet's screens, and which address shows which. */
import { Rail } from '../ui/Rail.jsx'
import { SkipLink } from '../ui/SkipLink.jsx'
import { Announcer } from '../ui/StatusPill.jsx'
import { useLive } from '../ui/live.js'
import { visiting } from '../ui/model.js'
import { route } from '../ui/route.js'
import { Reviews } from './Reviews.jsx'
import { Review } from './Review.jsx'
import { School } from './School.jsx'
import { Schools } from './Schools.jsx'
import { ThisDevice } from '../ui/ThisDevice.jsx'
import { Today } from './Today.jsx'
import { Visit } from './Visit.jsx'
import { Visits } from './Visits.jsx'

const reviewing = (tm) => tm.scope.some((b) => b.name.startsWith('review/'))

/** The places of this person: only what they may work with. */
const placesOf = (tm) => [
  { name: 'Today', path: [], icon: 'home' },
  { name: 'Schools', path: ['schools'], icon: 'school', also: ['school'] },
  ...(visiting(tm) ? [{ name: 'Notes', path: ['visits'], icon: 'note' }] : []),
  ...(reviewing(tm)
    ? [{ name: 'Reviews', path: ['reviews'], icon: 'plan' }]
    : []),
  { name: 'This tablet', path: ['this-device'], icon: 'tablet', end: true },
]

function Screen({ path }) {
  const [place = '', id, , item] = path
  if (place === 'schools') return <Schools />
  if (place === 'school') return <School key={id} id={id} />
  if (place === 'visits') return <Visits />
  if (place === 'reviews') return <Reviews />
  if (place === 'this-device') return <ThisDevice />
  if (place === 'visit') return <Visit key={id} id={id} item={item} />
  if (place === 'review')
    return <Review key={id} id={id} part={path[2]} item={item} />
  return <Today />
}

export function App() {
  const path = route.value
  const places = useLive(placesOf)
  const whole = path[0] === 'visit' || path[0] === 'review'
  return (
    <>
      <SkipLink />
      {!whole && <Rail places={places} />}
      <div class={whole ? undefined : 'with-rail'}>
        <Screen path={path} />
      </div>
      <Announcer />
    </>
  )
}
