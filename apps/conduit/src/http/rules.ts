import type { TextRule } from './fields.ts'

/** The bounds of every text that a user sends. Unique ones must fit into an index entry. */
export const rules = {
  username: { max: 64, pattern: /^[^\s\p{Cc}]([^\p{Cc}]*[^\s\p{Cc}])?$/u },
  email: { max: 254, pattern: /^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u },
  /** NIST 800-63B: at least 8 characters, long phrases welcome, no rules about their kinds. */
  password: { min: 8, max: 256 },
  bio: { max: 10_000 },
  image: { max: 2_048 },
  title: { max: 255 },
  description: { max: 1_000 },
  body: { max: 100_000 },
  tag: { max: 64 },
  comment: { max: 10_000 },
} as const satisfies Record<string, TextRule>

export const tagsMax = 50
