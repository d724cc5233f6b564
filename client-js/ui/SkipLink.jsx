/** For the keyboard: past the rail, to the page. */
export const SkipLink = () => (
  <div role="navigation" aria-label="Skip">
    <button
      class="btn skip"
      onClick={() => document.querySelector('main')?.focus()}
    >
      Skip to the page
    </button>
  </div>
)
