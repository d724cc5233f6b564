/** The first screen of a device: a code from the central team opens it. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { Mark } from './icons.jsx'
import { deviceLabel, platform } from './device.js'

const BAD_CODE = [
  'That code did not work.',
  'Codes can be used once, and they run out. Check it, or ask the central team for a new one.',
]
const ERRORS = {
  bad_code: BAD_CODE,
  too_big: BAD_CODE,
  bad_value: BAD_CODE,
  malformed: BAD_CODE,
  busy: [
    'The trust is busy just now.',
    'Wait a minute, then try again. Your code stays good.',
  ],
  offline: [
    'We could not reach the trust.',
    'Setting up needs the internet once. Check the Wi-Fi, then try again.',
  ],
  portal: [
    'This Wi-Fi wants you to sign in first.',
    'Open any web page, sign in to the Wi-Fi, then come back and try again.',
  ],
  storage: [
    'This browser does not let Tidemark keep anything.',
    'Turn private browsing off, or use another browser.',
  ],
}

/** The code in a link `/#enrol=CODE`, taken out of the address at once. */
function codeFromLink() {
  const found = /^#enrol=(.+)$/.exec(location.hash)
  if (!found) return ''
  history.replaceState(null, '', location.pathname + location.search)
  return decodeURIComponent(found[1])
}

function words(error) {
  const [title, help] = ERRORS[error.name] ?? [
    'That did not work.',
    `Please try again. If it goes on, tell the central team: ${error.message || error.name}.`,
  ]
  return (
    <div class="error" role="alert">
      {title}
      <p>{help}</p>
    </div>
  )
}

/** @param {{ face: 'tablet' | 'console',
 *   onCode: (code: string, label: string, platform: string) => Promise<void> }} props */
export function Enrol({ face, onCode }) {
  const [code, setCode] = useState('')
  const [error, setError] = useState(null)
  const [busy, setBusy] = useState(false)
  const box = useRef(null)
  const begin = async (given) => {
    if (!given.trim()) {
      setError({ name: 'bad_code' })
      box.current?.focus()
      return
    }
    setBusy(true)
    setError(null)
    try {
      await onCode(given.trim(), deviceLabel(), platform())
    } catch (problem) {
      setError(problem)
      setBusy(false)
      box.current?.focus()
    }
  }
  useEffect(() => {
    document.title = 'Set up – Tidemark'
    const given = codeFromLink()
    if (!given) return
    setCode(given)
    begin(given)
  }, [])
  const tablet = face === 'tablet'
  return (
    <main class="enrol">
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault()
          begin(code)
        }}
      >
        <Mark />
        <h1>{tablet ? 'Set up this tablet' : 'Sign in to the console'}</h1>
        <p>
          {tablet
            ? 'The central team has sent you a code. Type or paste it here once; after that, Tidemark opens by itself, also without a network.'
            : 'The central team has sent you a code. Type or paste it here once; this browser then stays signed in.'}
        </p>
        {error && words(error)}
        <div class="field">
          <label class="label" for="code">
            Your code
          </label>
          <input
            id="code"
            ref={box}
            class="input"
            value={code}
            autocomplete="one-time-code"
            autocapitalize="characters"
            spellcheck={false}
            aria-invalid={error ? true : undefined}
            onInput={(event) => setCode(event.currentTarget.value)}
          />
        </div>
        <button class="btn go" disabled={busy}>
          {busy ? 'Setting up…' : 'Continue'}
        </button>
        <p class="tiny soft">
          {tablet
            ? 'Use a tablet that only you use. Anyone who opens it can read your notes.'
            : 'Use a computer that only you use, and lock it when you leave.'}
        </p>
      </form>
    </main>
  )
}
