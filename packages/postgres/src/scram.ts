import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'

const iterations = 4096

/**
 * The SCRAM-SHA-256 verifier of a password, in the form that PostgreSQL stores.
 *
 * Sent instead of the password, so that a failing `ALTER ROLE` writes nothing to the server's log
 * that would let anybody in.
 *
 * @param salt sixteen random bytes; given only by tests
 */
export function scramVerifier(password: string, salt: Buffer = randomBytes(16)): string {
  const salted = pbkdf2Sync(prepare(password), salt, iterations, 32, 'sha256')
  const sign = (text: string) => createHmac('sha256', salted).update(text).digest()
  const stored = createHash('sha256').update(sign('Client Key')).digest('base64')
  const server = sign('Server Key').toString('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${stored}:${server}`
}

/** Whether a verifier belongs to a password: then it need not be replaced. */
export function verifies(verifier: string | null, password: string): boolean {
  const salt = /^SCRAM-SHA-256\$4096:([^$]+)\$/.exec(verifier ?? '')?.[1]
  if (salt === undefined) return false
  return scramVerifier(password, Buffer.from(salt, 'base64')) === verifier
}

/** The mapping of SASLprep (RFC 4013), which clients apply before they answer the challenge. */
function prepare(password: string): string {
  return password
    .replace(/[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g, ' ')
    .replace(
      /\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/g,
      '',
    )
    .normalize('NFKC')
}
