import { readFile, stat } from 'node:fs/promises'
import type { SpanReceiver } from '@banyan/model'
import { readSystemFileOf } from '../data/system-file.ts'

/**
 * Says where spans go, as the file of the system has it now. Control writes that file anew when the store had to
 * move: whoever has its old port by then is a stranger, and gets neither spans nor the token. A file that cannot
 * be read says nothing new.
 *
 * @example
 * const where = receiverPlace(process.env.BANYAN_SYSTEM, told.otlp)
 * where(({ url, token }) => send(url, token))
 */
export function receiverPlace(
  systemFile: string,
  first: SpanReceiver,
): (say: (receiver: SpanReceiver) => void) => void {
  let known = first
  let readOf = ''
  const look = async (): Promise<void> => {
    const { ino, mtimeMs } = await stat(systemFile)
    const found = `${ino} ${mtimeMs}`
    if (found === readOf) return
    const { telemetry } = readSystemFileOf(systemFile, await readFile(systemFile, 'utf8'))
    known = telemetry?.otlp ?? known
    readOf = found
  }
  return (say) =>
    void look()
      .catch(() => {})
      .then(() => say(known))
}
