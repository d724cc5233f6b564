/** The console's screens, and which address shows which. */
import { Rail } from '../ui/Rail.jsx'
import { Announcer } from '../ui/StatusPill.jsx'
import { SkipLink } from '../ui/SkipLink.jsx'
import { route } from '../ui/route.js'
import { ThisDevice } from '../ui/ThisDevice.jsx'
import { CameIn } from './CameIn.jsx'
import { Decide } from './Decide.jsx'
import { Overview } from './Overview.jsx'
import { People } from './People.jsx'
import { Record } from './Record.jsx'
import { Records } from './Records.jsx'
import { Tablets } from './Tablets.jsx'

const PLACES = [
  { name: 'Overview', path: [], icon: 'home' },
  { name: 'Came in', path: ['came-in'], icon: 'inbox' },
  { name: 'To settle', path: ['decide'], icon: 'merge' },
  { name: 'Records', path: ['records'], icon: 'note', also: ['record'] },
  { name: 'Tablets', path: ['tablets'], icon: 'tablet' },
  { name: 'People', path: ['people'], icon: 'people' },
  { name: 'This browser', path: ['this-device'], icon: 'lock', end: true },
]

function Screen({ path: [place = '', id, more] }) {
  if (place === 'came-in') return <CameIn school={id} />
  if (place === 'decide') return <Decide id={id} />
  if (place === 'records') return <Records type={id} school={more} />
  if (place === 'record') return <Record key={id} id={id} />
  if (place === 'tablets') return <Tablets />
  if (place === 'people') return <People />
  if (place === 'this-device') return <ThisDevice />
  return <Overview />
}

export const App = () => (
  <>
    <SkipLink />
    <Rail places={PLACES} />
    <div class="with-rail">
      <Screen path={route.value} />
    </div>
    <Announcer />
  </>
)
