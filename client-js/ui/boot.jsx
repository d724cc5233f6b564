/**
 * How a face starts: open the store; a device that is not set up yet asks for
 * its code; then the face's own screens.
 */
import { render } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Enrol } from './Enrol.jsx'
import { Mark } from './icons.jsx'
import { enrol, indexedDbStore, open } from './library.js'
import { createDesk, DeskContext } from './live.js'
import { startRouting } from './route.js'
import { spill, takeSpilled } from './spill.js'
import { startWorker } from './worker.js'

const APP_VERSION = '0.1.0'

/** @param {unknown} [identity] */
const opened = (face, identity) =>
  open({
    url: location.origin,
    store: indexedDbStore(`tidemark-${face}`),
    identity,
    appVersion: APP_VERSION,
  })

/** Saves what is being typed when the page is left or hidden. */
function saveOnLeave({ drafts, face }) {
  addEventListener('pagehide', () => {
    spill(face, drafts.notKept())
    drafts.flush()
  })
  addEventListener('pageshow', (event) => {
    if (event.persisted) takeSpilled(face) // the page has lived, and saved
  })
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) drafts.flush()
  })
  addEventListener('beforeunload', (event) => {
    if (drafts.failed.value && drafts.unsaved()) event.preventDefault()
  })
}

/** @param {{ problem: Error }} props */
function CannotOpen({ problem }) {
  return (
    <main class="enrol">
      <div class="card">
        <Mark />
        <h1>Tidemark cannot open its storage</h1>
        <p class="error" role="alert">
          Nothing is lost. Close the app’s other windows, then try again. The
          reason: {problem.message || problem.name}
        </p>
        <button class="btn go" onClick={() => location.reload()}>
          Try again
        </button>
      </div>
    </main>
  )
}

function Face({ face, App }) {
  const [state, setState] = useState({ step: 'opening' })
  const begin = async (identity) => {
    const tm = await opened(face, identity)
    const desk = createDesk(tm, face)
    saveOnLeave(desk)
    void desk.drafts.restore(takeSpilled(face))
    setState({ step: 'open', desk })
  }
  useEffect(() => {
    begin().catch((problem) =>
      setState(
        problem.name === 'unknown_device'
          ? { step: 'enrol' }
          : { step: 'failed', problem },
      ),
    )
  }, [])
  if (state.step === 'opening') return null
  if (state.step === 'failed') return <CannotOpen problem={state.problem} />
  if (state.step === 'enrol') {
    const onCode = async (code, label, platform) => {
      const url = location.origin
      await begin(await enrol({ url, code, label, platform }))
      navigator.storage?.persist?.()
    }
    return <Enrol face={face} onCode={onCode} />
  }
  return (
    <DeskContext.Provider value={state.desk}>
      <App />
    </DeskContext.Provider>
  )
}

/** @param {'tablet' | 'console'} face @param {any} App */
export function boot(face, App) {
  startRouting()
  render(<Face face={face} App={App} />, document.getElementById('app'))
  startWorker()
}
