/** How a request to a server ended without a whole answer. */
export class UpstreamError extends Error {
  /** `own`: the gateway could not open a connection, for want of descriptors for example. */
  readonly kind: 'refused' | 'lost' | 'malformed' | 'timeout' | 'own'
  /** Whether the server may have seen any of the request. */
  readonly sent: boolean

  constructor(kind: UpstreamError['kind'], sent: boolean, message: string) {
    super(message)
    this.name = 'UpstreamError'
    this.kind = kind
    this.sent = sent
  }
}
