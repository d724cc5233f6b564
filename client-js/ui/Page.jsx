/** A page beside the rail: heading, what it is about, the status pill. */
import { Banners } from './Banners.jsx'
import { Heading } from './Heading.jsx'
import { StatusPill } from './StatusPill.jsx'

/** @param {{ title: string, name?: string, about?: any, before?: any,
 *   children: any }} props `name`: for the window, where the title is made of
 *   somebody's words, which are no business of the browser's own history */
export const Page = ({ title, name = title, about, before, children }) => (
  <main class="page" tabIndex={-1}>
    <Banners />
    <div class="top">
      <div class="row">
        {before}
        <div>
          <Heading title={name}>{title}</Heading>
          {about && <p class="soft">{about}</p>}
        </div>
      </div>
      <StatusPill />
    </div>
    {children}
  </main>
)
