import { route } from '../../router.ts'
import { TracePage } from './trace-page.tsx'
import { TracesPage } from './traces-page.tsx'

/** Traces, or the one that the address names. */
export function TracesView() {
  const trace = route.value.params.get('trace')
  return trace === null || trace === '' ? <TracesPage /> : <TracePage key={trace} trace={trace} />
}
