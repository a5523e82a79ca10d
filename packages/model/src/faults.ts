import { BanyanError } from './banyan-error.ts'
import { describeValue } from './describe-value.ts'
import { nearestName } from './nearest-name.ts'

/** One thing that is wrong with a config: where, what stands there, what should, and the edit that mends it. */
export type Fault = {
  /** `services.web.run`, `data.tables.users.unique[0]`; empty for the config itself. */
  readonly path: string
  readonly found: string
  readonly expected: string
  readonly mend: string
}

/** What a check says about one value; where it stands is added by the list. */
export type Complaint = {
  readonly expected: string
  readonly mend: string
  readonly found?: string
}

/** Collects faults, so that a whole input is read before anything is said. */
export class FaultList {
  readonly all: Fault[]

  constructor(known: readonly Fault[] = []) {
    this.all = [...known]
  }

  /** A place that has a fault already is not named twice: it was replaced by null when it was copied. */
  add(path: string, value: unknown, { expected, mend, found }: Complaint): void {
    if (value === null && this.all.some((fault) => fault.path === path)) return
    this.all.push({ path, found: found ?? describeValue(value), expected, mend })
  }

  /** Names every key that nobody reads, with the known one that was probably meant. */
  checkKeys(path: string, value: object, known: readonly string[]): void {
    for (const key of Object.keys(value)) {
      if (known.includes(key)) continue
      const near = nearestName(key, known)
      this.all.push({
        path: join(path, key),
        found: `the unknown key ${JSON.stringify(key)}`,
        expected: `one of ${known.join(', ')}`,
        mend: near ? `did you mean ${near}?` : 'remove it',
      })
    }
  }

  /** Says every fault at once, or nothing when there is none. */
  throwAny(source: string): void {
    if (this.all.length === 0) return
    const count = this.all.length === 1 ? 'a fault' : `${this.all.length} faults`
    const lines = this.all.map((fault) => `\n  ${sayFault(fault)}`)
    throw new BanyanError('BANYAN_CONFIG_INVALID', `${source} has ${count}:${lines.join('')}`, {
      hint:
        this.all.length === 1
          ? (this.all[0]?.mend ?? '')
          : `Mend the ${this.all.length} places named above.`,
      details: { faults: this.all },
    })
  }
}

/** A fault in one line: `services.web.run: found the number 3, expected a command; write …`. */
export const sayFault = ({ path, found, expected, mend }: Fault): string =>
  `${path === '' ? 'the config' : path}: found ${found}, expected ${expected}; ${mend}`

/** The path of a key below a path: `services.web`, `services["my web"]`, `unique[0]`. */
export const join = (path: string, key: string | number): string => {
  if (typeof key === 'number') return `${path}[${key}]`
  if (!/^[A-Za-z_$][\w$-]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`
  return path === '' ? key : `${path}.${key}`
}
