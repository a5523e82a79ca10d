import type { DiagnoseOptions } from '@banyan/control/api'
import ignore from 'ignore'

/** The lines of a `.gitignore`, as git reads them. */
export const readPatterns: DiagnoseOptions['readPatterns'] = (text) => {
  const patterns = ignore().add(text)
  return (path) => {
    const { ignored, unignored } = patterns.test(path)
    if (ignored) return 'ignored'
    return unignored ? 'kept' : 'unsaid'
  }
}
