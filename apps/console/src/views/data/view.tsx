import { SqlBox } from './sql-box.tsx'
import { Tables } from './tables.tsx'
import './data.css'

/** What is kept, how much of it there is, and a box to ask it in. */
// biome-ignore lint/suspicious/noShadowRestrictedNames: the view of data; nobody here reads bytes.
export function DataView() {
  return (
    <div class="data">
      <Tables />
      <SqlBox />
    </div>
  )
}
