/**
 * The whole screen for one piece of work: a head with the way back, a list on
 * the left, what is being written on the right, and below it whether it is
 * kept.
 */
import { Banners } from '../ui/Banners.jsx'
import { clock } from '../ui/format.js'
import { Heading } from '../ui/Heading.jsx'
import { Icon } from '../ui/icons.jsx'
import { useDesk, useStatus } from '../ui/live.js'
import { StatusPill } from '../ui/StatusPill.jsx'

/** “Saved on this tablet at 9:52”. It does not speak: the pill does. */
export function Saved() {
  const { drafts } = useDesk()
  useStatus()
  if (drafts.failed.value) return <span class="small late">Not saved</span>
  if (!drafts.savedAt.value) {
    return <span class="small soft">Your words are saved as you type</span>
  }
  return (
    <span class="small soft num saved">
      <Icon name="check" />
      Saved on this tablet at {clock(drafts.savedAt.value)}
    </span>
  )
}

/** @param {{ back: { href: string, words: string }, title: string,
 *   about?: any, side?: any, foot?: any, children: any }} props */
export const WorkDesk = ({ back, title, about, side, foot, children }) => (
  <div class="desk">
    <header class="head">
      <a class="btn quiet" href={back.href}>
        <Icon name="left" />
        {back.words}
      </a>
      <div class="name">
        <Heading title={title}>{title}</Heading>
        {about && <p class="tiny soft">{about}</p>}
      </div>
      <StatusPill />
    </header>
    <div class={side ? 'cols' : 'cols one'}>
      {side && <div class="side">{side}</div>}
      <main class="work" tabIndex={-1}>
        <Banners />
        {children}
        <div class="foot">
          <Saved />
          <div class="row">{foot}</div>
        </div>
      </main>
    </div>
  </div>
)
