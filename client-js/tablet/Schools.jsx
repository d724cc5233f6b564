/** All schools of this person, to be found by a few letters. */
import { useState } from 'preact/hooks'
import { Icon } from '../ui/icons.jsx'
import { useLive } from '../ui/live.js'
import { areaGrades, mySchools } from '../ui/model.js'
import { Page } from '../ui/Page.jsx'
import { SchoolTile } from './SchoolTile.jsx'

const SEARCH_FROM = 8

export function Schools() {
  const [wanted, setWanted] = useState('')
  const schools = useLive(mySchools)
  const grades = useLive(areaGrades)
  const shown = schools.filter((s) =>
    s.fields.name.toLowerCase().includes(wanted.trim().toLowerCase()),
  )
  return (
    <Page
      title="Your schools"
      about="A thicker, darker arc means stronger. A hair line is not judged yet."
    >
      {schools.length >= SEARCH_FROM && (
        <div class="search find">
          <Icon name="search" />
          <input
            class="input"
            type="search"
            aria-label="Find a school"
            placeholder="Find a school"
            value={wanted}
            onInput={(event) => setWanted(event.currentTarget.value)}
          />
        </div>
      )}
      <div class="schools">
        {shown.map((school) => (
          <SchoolTile
            key={school.id}
            school={school}
            full
            grades={grades.get(school.id)}
          />
        ))}
      </div>
      {shown.length === 0 && (
        <p class="empty">No school has these letters in its name.</p>
      )}
    </Page>
  )
}
