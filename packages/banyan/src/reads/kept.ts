import type { Candidate } from './choose.ts'

/** For so long reads go to the server that was drawn, */
const keptMs = 20
/** unless it has so many under way. */
const spillAt = 24
/** What a server is like that nobody has asked for so long, one read is to find out. */
const unsureMs = 200

/**
 * The server that was drawn last. Reads that follow each other closely go to the same one: its connections
 * and processes are awake then. Two servers that are asked by turns cost a sixth more than one, in this
 * process and in theirs. Over some hundredths of a second each has its share.
 */
export class Kept<T extends Candidate> {
  #server: T | null = null
  #untilMs = 0

  at(nowMs: number): T | null {
    const server = this.#server
    return server !== null && nowMs < this.#untilMs && server.inFlight < spillAt ? server : null
  }

  /** One that was drawn to find out what it is like is asked once, and not by everybody who comes meanwhile. */
  keep(server: T | null, nowMs: number): T | null {
    this.#server = server === null || server.latency.idleMs(nowMs) >= unsureMs ? null : server
    this.#untilMs = nowMs + keptMs
    return server
  }
}
