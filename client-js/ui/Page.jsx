/** A page beside the rail: heading, what it is about, the status pill. */
import { Banners } from './Banners.jsx'
import { Heading } from './Heading.jsx'
import { StatusPill } from './StatusPill.jsx'

/** @param {{ title: string, about?: any, before?: any, children: any }} props */
export const Page = ({ title, about, before, children }) => (
  <main class="page" tabIndex={-1}>
    <Banners />
    <div class="top">
      <div class="row">
        {before}
        <div>
          <Heading title={title}>{title}</Heading>
          {about && <p class="soft">{about}</p>}
        </div>
      </div>
      <StatusPill />
    </div>
    {children}
  </main>
)
