import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { LastWords } from '@banyan/model'

/**
 * Writes down what this process has answered, at its very end: control, which adds up what the entry
 * answered during a climb, can ask it no more. A process that is not control's has nowhere to write.
 */
export function leaveLastWords(
  systemFile: string | undefined,
  words: Omit<LastWords, 'pid'>,
): void {
  if (systemFile === undefined || systemFile === '') return
  try {
    const path = join(dirname(systemFile), 'last-words.json')
    writeFileSync(path, JSON.stringify({ pid: process.pid, ...words }))
  } catch {
    // A full disk, or a folder that is gone: the sum lacks what nobody could count.
  }
}
