/** What the review asks, and what it says in the end. */
import { TextBox } from '../ui/TextBox.jsx'

const SECTIONS = ['enquiry', 'context', 'strengths', 'summary']

/** @param {{ review: any, readOnly: boolean }} props */
export const ReviewPaper = ({ review, readOnly }) => (
  <div class="note-form">
    {SECTIONS.map((name) => (
      <TextBox key={name} record={review} field={name} readOnly={readOnly} />
    ))}
  </div>
)
