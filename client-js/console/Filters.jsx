/** Words, school, person and type to choose by. */
import { Icon } from '../ui/icons.jsx'
import { useLive } from '../ui/live.js'
import { byText } from '../ui/model.js'
import { typeLabel } from '../ui/words.js'

function Pick({ id, label, all, options, value, onChoose }) {
  return (
    <div class="field">
      <label class="label" for={id}>
        {label}
      </label>
      <select
        id={id}
        value={value ?? ''}
        onChange={(event) => onChoose(event.currentTarget.value || undefined)}
      >
        <option value="">{all}</option>
        {options.map(([each, words]) => (
          <option key={each} value={each}>
            {words}
          </option>
        ))}
      </select>
    </div>
  )
}

const optionsOf = (tm) => ({
  schools: tm
    .list('school')
    .sort(byText('name'))
    .map((s) => [s.id, s.fields.name]),
  people: tm
    .list('person')
    .sort(byText('name'))
    .map((p) => [p.id, p.fields.name]),
  types: Object.keys(tm.schema.types)
    .filter((t) => tm.list(t).length > 0)
    .map((t) => [t, typeLabel(tm, t)])
    .sort((a, b) => a[1].localeCompare(b[1], 'en-GB')),
})

/** @param {{ asked: any, onAsk: (asked: any) => void, person?: boolean }} props */
export function Filters({ asked, onAsk, person = true }) {
  const { schools, people, types } = useLive(optionsOf)
  const set = (name) => (value) => onAsk({ ...asked, [name]: value })
  return (
    <form
      class="filters"
      role="search"
      onSubmit={(event) => event.preventDefault()}
    >
      <div class="search">
        <Icon name="search" />
        <input
          class="input"
          type="search"
          aria-label="Find words"
          placeholder="Find words"
          value={asked.words ?? ''}
          onInput={(event) => set('words')(event.currentTarget.value)}
        />
      </div>
      <Pick
        id="f-school"
        label="School"
        all="All schools"
        options={schools}
        value={asked.school}
        onChoose={set('school')}
      />
      {person && (
        <Pick
          id="f-person"
          label="Person"
          all="Everybody"
          options={people}
          value={asked.person}
          onChoose={set('person')}
        />
      )}
      <Pick
        id="f-type"
        label="What"
        all="Everything"
        options={types}
        value={asked.type}
        onChoose={set('type')}
      />
    </form>
  )
}
