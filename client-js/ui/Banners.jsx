/**
 * What concerns the whole app, above the page: words that could not be kept
 * (the only alarm), storage that the browser may clear, a new version.
 */
import { useState } from 'preact/hooks'
import { Icon } from './icons.jsx'
import { useDesk, useStatus } from './live.js'
import { update, useUpdate as changeOver } from './worker.js'

function NotSaved() {
  const { drafts } = useDesk()
  const problem = drafts.failed.value
  if (!problem) return null
  const words =
    problem.name === 'storage'
      ? 'This device has no room left to keep them, or its storage was lost. ' +
        'They are still on the screen: do not close the app. Make some room, then try again.'
      : `They are still on the screen. ${problem.message}`
  return (
    <div class="banner alarm" role="alert">
      <Icon name="alarm" />
      <div>
        <strong>Your last words are not saved.</strong> {words}
      </div>
      <button class="btn slim" onClick={() => drafts.flush()}>
        Try again
      </button>
    </div>
  )
}

function StorageNotKept() {
  const { face } = useDesk()
  const status = useStatus()
  if (status.storageKept !== false || face !== 'tablet') return null
  return (
    <div class="banner alarm">
      <Icon name="alarm" />
      <div>
        <strong>This browser may clear its storage after a week.</strong> Add
        Tidemark to the Home Screen, and send your work before you put the
        tablet away.
      </div>
    </div>
  )
}

function NewVersion() {
  const desk = useDesk()
  const [busy, setBusy] = useState(false)
  if (!update.value) return null
  return (
    <div class="banner">
      <Icon name="tablet" />
      <span>A new version of Tidemark is ready. Your work stays as it is.</span>
      <button
        class="btn slim"
        disabled={busy}
        onClick={async () => {
          setBusy(true)
          setBusy(await changeOver(desk))
        }}
      >
        Use it now
      </button>
    </div>
  )
}

export const Banners = () => (
  <>
    <NotSaved />
    <StorageNotKept />
    <NewVersion />
  </>
)
