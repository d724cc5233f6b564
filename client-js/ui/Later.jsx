/**
 * A screen whose code is fetched when it is first wanted, so that the face
 * starts with less. The service worker keeps all of a build, so it opens
 * without a network too.
 */
import { useEffect, useState } from 'preact/hooks'

/** @param {() => Promise<any>} load gives the component */
export function later(load) {
  let Screen
  return function Later(props) {
    const [state, setState] = useState(Screen ? 'here' : 'fetching')
    useEffect(() => {
      if (state !== 'fetching') return
      load().then(
        (component) => {
          Screen = component
          setState('here')
        },
        () => setState('missing'),
      )
    }, [state])
    if (state === 'here') return <Screen {...props} />
    if (state === 'fetching') return <main class="page" tabIndex={-1} />
    return (
      <main class="page" tabIndex={-1}>
        <h1>This page has not arrived on this device yet</h1>
        <p>It comes by itself the next time there is a network.</p>
        <button class="btn" onClick={() => setState('fetching')}>
          Try again
        </button>
      </main>
    )
  }
}
