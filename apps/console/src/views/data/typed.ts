import { signal } from '@preact/signals'

/** What stands in the SQL box, also while another view is shown. */
export const sqlTyped = signal('')

/** What was run while the page is open, the last first. */
export const sqlRun = signal<readonly string[]>([])
