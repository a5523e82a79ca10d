/** A failure that a person can mend: shown without a stack, with the command that mends it. */
export class Failure extends Error {
  constructor(message, hint, exitCode = 1) {
    super(message)
    this.hint = hint
    this.exitCode = exitCode
  }
}
