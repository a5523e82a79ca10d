/** What the doctor reads at most, so that a huge repository costs seconds and no memory to speak of. */
export type Limits = {
  readonly files: number
  readonly bytesPerFile: number
  readonly bytes: number
  /** Folder entries looked at while searching. */
  readonly entries: number
}

export const defaultLimits: Limits = {
  files: 3_000,
  bytesPerFile: 500_000,
  bytes: 12_000_000,
  entries: 200_000,
}

/** What was not read, and why: an answer that left something out says so. */
export type NotRead = { readonly path: string; readonly why: string }
