import { fstatSync } from 'node:fs'

/**
 * Why a descriptor cannot be the socket that was announced, or null when it may be. Asked before it is
 * touched: listening on a descriptor that is something else would close it for whoever uses it.
 */
export function whyNoSocket(fd: number): string | null {
  if (channelFd() === fd) return `descriptor ${fd} is the channel to the parent process`
  try {
    return fstatSync(fd).isSocket() ? null : `descriptor ${fd} is no socket`
  } catch (error) {
    return `descriptor ${fd} is not open (${(error as NodeJS.ErrnoException).code})`
  }
}

/** The descriptor of Node's channel to its parent, which is a socket as well. */
function channelFd(): number | undefined {
  return (process.channel as { fd?: number } | null | undefined)?.fd
}

/** As sd_listen_fds(3) does: what this process starts must not take the socket for its own. */
export function forgetPassedSocket(): void {
  delete process.env.LISTEN_FDS
  delete process.env.LISTEN_PID
  delete process.env.LISTEN_FDNAMES
}
