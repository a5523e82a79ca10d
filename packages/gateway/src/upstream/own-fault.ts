const codes = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL'])

/** Whether a connection failed because this machine has no more of something, which is no server's fault. */
export const isOwnFault = (error: Error | null): boolean =>
  codes.has((error as NodeJS.ErrnoException | null)?.code ?? '')
