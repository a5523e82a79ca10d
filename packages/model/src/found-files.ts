import type { CommandReading } from './command.ts'

/**
 * What the file system says about a config. It comes in as functions, because this package does no I/O,
 * and inside the validation, so that its faults are reported together with all the others.
 */
export type FoundFiles = {
  /** Unwraps a command that stands for another one, such as `npm start`. */
  expandCommand(words: readonly string[], key: 'run' | 'build'): CommandReading
  /** What stands at an absolute path; `unseen` where nobody looked, which is taken for whatever fits. */
  kindOf(path: string): 'folder' | 'file' | 'nothing' | 'unseen'
}

/** Believes everything: commands as they are written, and a fitting file or folder at every path. */
export const unseenFiles: FoundFiles = {
  expandCommand: (words) => ({ words, complaint: null }),
  kindOf: () => 'unseen',
}
