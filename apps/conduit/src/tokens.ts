import { createSigner, createVerifier } from 'fast-jwt'

export type Tokens = {
  sign(userId: string): string
  /** The user whose token it is, or null when it is forged, expired or no token at all. */
  verify(token: string): string | null
}

const monthMs = 30 * 24 * 60 * 60 * 1000
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Signed tokens (JWT, HS256) that carry the user's id and end after a month. */
export function createTokens(secret: string, options: { lifetimeMs?: number } = {}): Tokens {
  const sign = createSigner({
    key: secret,
    algorithm: 'HS256',
    expiresIn: options.lifetimeMs ?? monthMs,
  })
  const verify = createVerifier({
    key: secret,
    algorithms: ['HS256'],
    requiredClaims: ['sub', 'exp'],
  })
  return {
    sign: (userId) => sign({ sub: userId }),
    verify(token) {
      try {
        const { sub } = verify(token)
        return typeof sub === 'string' && uuid.test(sub) ? sub : null
      } catch {
        return null
      }
    },
  }
}
