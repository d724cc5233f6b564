/**
 * The end of a visit or a review: what is missing, a sentence to confirm, and
 * what became of the signature. A signature covers what its signer saw; what
 * came before it reached the trust is shown, and signed again with one tap.
 */
import { useState } from 'preact/hooks'
import { listed, moment } from '../ui/format.js'
import { Icon } from '../ui/icons.jsx'
import { useDesk, useLive, useStatus } from '../ui/live.js'
import { personName } from '../ui/model.js'
import { isSigned, maySign, missing, signingRole } from '../ui/rights.js'
import { lastOf } from '../ui/asks.js'
import { useSave } from '../ui/save.js'
import { Difference } from './Difference.jsx'
import { Reopen } from './Reopen.jsx'

const SENTENCE = 'I have read this and it is accurate.'

/** Signs, and puts away the request to do it again. */
function useSign(record) {
  const { tm, drafts } = useDesk()
  const save = useSave()
  return async () => {
    if (!(await drafts.flush())) return
    await save((c) => {
      c.sign(record.id, { words: SENTENCE, asRole: signingRole(tm, record) })
      for (const { id, kind, people } of tm.notices(record.id)) {
        const mine = kind === 'sign_again' && people.includes(tm.person.id)
        if (mine) c.delete(id)
      }
    })
  }
}

function Missing({ words }) {
  return (
    <div>
      <h2>Before it can be signed</h2>
      <ul class="missing">
        {words.map((each) => (
          <li key={each}>
            <Icon name="pen" />
            {each}
          </li>
        ))}
      </ul>
    </div>
  )
}

/** The sentence, and the button. */
function Confirm({ record, again }) {
  const sign = useSign(record)
  const [read, setRead] = useState(false)
  const submit = (event) => {
    event.preventDefault()
    if (read) sign()
  }
  return (
    <form class="confirm" onSubmit={submit}>
      <label class="tick">
        <input
          type="checkbox"
          checked={read}
          required
          onChange={(event) => setRead(event.currentTarget.checked)}
        />
        <span>{SENTENCE}</span>
      </label>
      <button class="btn go">
        <Icon name="pen" />
        {again ? 'Sign again' : 'Sign and share'}
      </button>
    </form>
  )
}

const SHARED_WITH = {
  visit: 'The headteacher and the SENDCo get a fixed copy of it.',
  review:
    'It takes two signatures, the lead reviewer’s and the trust lead’s; then it can be shared.',
}

function Ready({ record }) {
  return (
    <>
      <div>
        <h2>Sign and share</h2>
        <p class="small soft">
          {SHARED_WITH[record.type]} Works without a network too.
        </p>
      </div>
      <Confirm record={record} />
    </>
  )
}

function Again({ record, signoff }) {
  const sign = useSign(record)
  return (
    <>
      <h2>Something was added before your signature arrived</h2>
      <p>Read it and sign again. Your words are all here.</p>
      <Difference signoff={signoff} />
      <div>
        <button class="btn go" onClick={sign}>
          <Icon name="pen" />I have read it: sign again
        </button>
      </div>
    </>
  )
}

function Undecided({ record }) {
  const { tm } = useDesk()
  const open = missing(tm, record)
  return (
    <>
      <h2>Your signature waits for a decision</h2>
      {open.length > 0 ? (
        <p>It cannot take effect before {listed(open)}.</p>
      ) : (
        <Confirm record={record} again />
      )}
    </>
  )
}

/** What became of our last signature, where it is not simply in effect. */
function Outcome({ record, signoff }) {
  const { tm } = useDesk()
  switch (signoff.outcome) {
    case undefined:
      return (
        <p class="said">
          <Icon name="tablet" />
          <span>
            <strong>Signed on this tablet</strong>, {moment(signoff.at)}. It
            takes effect when sent.
          </span>
        </p>
      )
    case 'sign_again':
      return <Again record={record} signoff={signoff} />
    case 'undecided':
      return <Undecided record={record} />
    case 'first_of_two':
      return (
        <p class="said">
          <Icon name="check" />
          <span>
            <strong>You have signed</strong>, {moment(signoff.at)}. It takes
            effect with the second signature.
          </span>
        </p>
      )
    case 'not_allowed':
      return <p>This is for somebody else to sign. Your words stand.</p>
    default: {
      const left = missing(tm, record)
      if (left.length) return <Missing words={left} />
      return <Confirm record={record} again />
    }
  }
}

/** Who has signed what is there now. */
function Signed({ record }) {
  const { tm } = useDesk()
  const save = useSave()
  const shared = tm.statusOf(record.id) === 'shared'
  const signed = tm
    .signoffs(record.id)
    .filter((s) => ['signed', 'first_of_two'].includes(s.outcome))
    .filter((s) => s.revision === (record.fields.revision ?? 1))
  const by = signed.map((s) => `${personName(tm, s.by)}, ${moment(s.at)}`)
  const may = maySign(tm, record)
  return (
    <>
      <p class="said">
        <Icon name={shared ? 'share' : 'pen'} />
        <span>
          <strong>{shared ? 'Signed and shared' : 'Signed'}</strong>
          {by.length > 0 && `: ${listed(by)}`}. Its words stay as they are
          {record.fields.revision > 1 && `; revision ${record.fields.revision}`}
          .
        </span>
        {may && !shared && record.type === 'review' && (
          <button
            class="btn go"
            onClick={() => save((c) => c.share(record.id))}
          >
            <Icon name="share" />
            Share with the school
          </button>
        )}
      </p>
      {may && <Reopen record={record} />}
    </>
  )
}

/** Is a signature of ours on its way? Then the words stay as they are.
 *  @param {any} tm @param {any} record */
export function isSealed(tm, record) {
  if (!record || isSigned(record)) return Boolean(record)
  const last = lastOf(tm, record.id)
  return last !== undefined && last.outcome === undefined
}

/** Does it belong above the words? It was signed: what came of it is what its
 *  reader looks for. @param {any} tm @param {any} record */
export const asksFirst = (tm, record) =>
  isSigned(record) || (record && lastOf(tm, record.id) !== undefined)

/** @param {{ record: any }} props */
export function Sign({ record }) {
  const { tm } = useDesk()
  useStatus()
  const signoff = useLive((client) => lastOf(client, record.id), [record.id])
  const left = useLive((client) => missing(client, record), [record])
  if (isSigned(record)) {
    return (
      <section class="card pad sign done" aria-label="Signed">
        <Signed record={record} />
      </section>
    )
  }
  if (!maySign(tm, record)) return null
  return (
    <section class="card pad sign" aria-label="Signing">
      {signoff && <Outcome record={record} signoff={signoff} />}
      {!signoff && left.length > 0 && <Missing words={left} />}
      {!signoff && left.length === 0 && <Ready record={record} />}
    </section>
  )
}
