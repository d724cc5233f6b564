/** The link and what waits, in one pill; it leads to the page about it. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { Icon } from './icons.jsx'
import { useDesk, useStatus } from './live.js'
import { linkWords, waitingItems } from './link-words.js'
import { to } from './route.js'

function useLinkWords() {
  const { tm, drafts, face } = useDesk()
  const status = useStatus()
  const kept = !drafts.failed.value && status.problem?.name !== 'storage'
  const place = face === 'tablet' ? 'tablet' : 'computer'
  return linkWords(status, waitingItems(tm).length, kept, place)
}

export function StatusPill() {
  const { tone, words } = useLinkWords()
  return (
    <a class="pill" href={to('this-device')}>
      {tone === 'done' && <Icon name="check" />}
      {tone === 'alarm' && <Icon name="alarm" />}
      {tone !== 'done' && tone !== 'alarm' && <span class={`dot ${tone}`} />}
      {words}
    </a>
  )
}

const QUIET_MS = 8000

/**
 * The one place that speaks to a screen reader by itself: the pill's words,
 * at most every eight seconds, and only once they have settled.
 */
export function Announcer() {
  const { words } = useLinkWords()
  const [said, say] = useState('')
  const last = useRef(0)
  useEffect(() => {
    const wait = Math.max(1500, last.current + QUIET_MS - Date.now())
    const timer = setTimeout(() => {
      last.current = Date.now()
      say(words)
    }, wait)
    return () => clearTimeout(timer)
  }, [words])
  return (
    <p class="visually-hidden" role="status">
      {said}
    </p>
  )
}
