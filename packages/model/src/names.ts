import type { Complaint } from './faults.ts'

/** Names become parts of host names, database names and file names; a number and a few letters are added. */
const nameLettersMax = 40

/** Databases that every PostgreSQL server has; the system's database is called as the system. */
const takenDatabases = ['postgres', 'template0', 'template1']

/** Nodes of these names are Banyan's own, or stand for a role on the command line (`banyan kill primary`). */
const takenServices = [
  'db',
  'primary',
  'replica',
  'control',
  'holder',
  'gateway',
  'haproxy',
  'prometheus',
  'alertmanager',
  'entry',
]

export const checkSystemName = (name: unknown): Complaint | null => {
  if (typeof name === 'string' && takenDatabases.includes(name)) {
    return {
      expected: 'a name of its own',
      mend: 'take another name; every PostgreSQL server has a database of this one',
    }
  }
  return checkName(name, "write name: 'notes'")
}

export const checkServiceName = (name: string): Complaint | null => {
  const found = `the name ${JSON.stringify(name)}`
  if (takenServices.includes(name)) {
    return {
      found,
      expected: 'a name of its own',
      mend: `take another name; ${takenServices.join(', ')} are Banyan's`,
    }
  }
  const complaint = checkName(name, "name it, for example 'web'")
  return complaint && { found, ...complaint }
}

/** Small letters, digits and single hyphens, beginning with a letter: good for DNS on every platform. */
const checkName = (name: unknown, example: string): Complaint | null => {
  const expected = `small letters, digits and single hyphens, beginning with a letter, at most ${nameLettersMax}`
  if (typeof name !== 'string' || name === '') return { expected, mend: example }
  if (name.length <= nameLettersMax && /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) return null
  const suggestion = suggestName(name)
  return { expected, mend: suggestion === '' ? example : `write ${JSON.stringify(suggestion)}` }
}

const suggestName = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, nameLettersMax)
    .replace(/-$/, '')
