/** The deep green rail with the app's places. */
import { Icon, Mark } from './icons.jsx'
import { route, to } from './route.js'

/**
 * @param {{ places: { name: string, path: string[], icon: string,
 *   also?: string[], end?: boolean }[] }} props
 *   `also`: first words of other addresses that belong to the place
 */
export function Rail({ places }) {
  const here = route.value[0] ?? ''
  return (
    <nav class="rail" aria-label="Main">
      <Mark />
      {places.map(({ name, path, icon, also = [], end }) => (
        <a
          key={name}
          href={to(...path)}
          class={end ? 'end' : undefined}
          aria-current={
            here === (path[0] ?? '') || also.includes(here) ? 'page' : undefined
          }
        >
          <Icon name={icon} />
          {name}
        </a>
      ))}
    </nav>
  )
}
