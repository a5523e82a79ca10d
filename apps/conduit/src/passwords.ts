import { availableParallelism } from 'node:os'
import { hash, verify } from '@node-rs/argon2'
import { busy } from './http/problem.ts'
import { Lane } from './lane.ts'

/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane. The algorithm is the default. */
export const argon2Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

/**
 * The hash that is checked for unknown users, so that the time of an answer does not tell who is one:
 * a random password, since forgotten, hashed with the options above.
 */
export const decoy =
  '$argon2id$v=19$m=19456,t=2,p=1$w+LPBY65T05hVUC1YPxDow$DpENxbdHL8YhncJ3ILA8nVOLT3VvwmKawKKgUkiUqZs'

/** What one hash takes on an ordinary core; only used to say when to come back. */
const hashMs = 40

export type Passwords = {
  hash(password: string): Promise<string>
  /** Whether the password fits the hash. Without a hash it takes as long and says no. */
  verify(password: string, hash: string | null): Promise<boolean>
}

/**
 * Hashing costs a core for tens of milliseconds by design. One core is left to everything else, so
 * that a rush of logins cannot starve readers, and the queue is short, so that nobody waits for long.
 */
export function createPasswords(
  options: { concurrency?: number; waitingMax?: number } = {},
): Passwords {
  const width = options.concurrency ?? Math.max(1, availableParallelism() - 1)
  const lane = new Lane({ width, waitingMax: options.waitingMax ?? 100 })
  const onFull = (waiting: number) => busy(Math.ceil((waiting * hashMs) / width / 1000))
  const inLane = <T>(work: () => Promise<T>) => lane.run(work, onFull)
  return {
    hash: (password) => inLane(() => hash(normalize(password), argon2Options)),
    async verify(password, stored) {
      const fits = await inLane(() => verify(stored ?? decoy, normalize(password)))
      return fits && stored !== null
    },
  }
}

/** Keyboards write one character in several ways; NIST 800-63B asks for one of them to be chosen. */
const normalize = (password: string) => password.normalize('NFKC')
