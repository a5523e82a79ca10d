/** One line for holder.log, where our output goes. A constant message and what it is about. */
export function log(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
  const line = JSON.stringify({ at: new Date().toISOString(), message, ...fields })
  process.stdout.write(`${line}\n`)
}
