/** How a request to a server ended without a whole answer. */
export class UpstreamError extends Error {
  readonly kind: 'refused' | 'lost' | 'malformed' | 'timeout'
  /** Whether the server may have seen any of the request. */
  readonly sent: boolean

  constructor(kind: UpstreamError['kind'], sent: boolean, message: string) {
    super(message)
    this.name = 'UpstreamError'
    this.kind = kind
    this.sent = sent
  }
}
