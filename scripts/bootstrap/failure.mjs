/** A failure that a person can mend: shown without a stack, with the command that mends it. */
export class Failure extends Error {
  constructor(message, hint) {
    super(message)
    this.hint = hint
  }
}
