import { BanyanError, type System } from '@banyan/model'
import { accountForPostgres } from '../../engines/postgres/account.ts'
import { type Binaries, findBinaries } from '../../engines/postgres/engine.ts'
import { type Check, ok } from './check.ts'

/** The PostgreSQL that the system uses, the ones that are there besides, and the user it runs as. */
export async function checkPostgres(system: System | null): Promise<readonly Check[]> {
  if (system !== null && system.data === null) return []
  if (system?.data?.url != null) return [adopted]
  const choice = system?.data?.postgres ?? 'embedded'
  const used = await find(choice)
  const other = choice === 'distribution' ? null : await find('distribution')
  return [checkUsed(choice, used, other), ...(await checkAccount())]
}

const adopted: Check = {
  ...ok('PostgreSQL', 'adopted: the one that data.url names'),
  why: 'Banyan runs no server of its own for this system',
}

async function find(choice: string): Promise<Binaries | BanyanError> {
  return await findBinaries(choice).catch((error: unknown) => {
    if (BanyanError.is(error)) return error
    throw error
  })
}

function checkUsed(
  choice: string,
  used: Binaries | BanyanError,
  other: Binaries | BanyanError | null,
): Check {
  const name = 'PostgreSQL'
  if (BanyanError.is(used)) {
    return {
      name,
      outcome: 'failed',
      found: used.message,
      why: null,
      mend: used.hint ?? null,
      rungs: [],
    }
  }
  const found = `${used.version}, ${choice === 'embedded' ? 'embedded, from npm' : `${used.source}, ${used.binDirectory}`}`
  if (choice !== 'embedded') return ok(name, found)
  const why =
    "meant for development and a first server: the package is a beta, with the libraries of its build and without the distribution's security updates"
  return { name, outcome: 'advice', found, why, mend: mendOfEmbedded(other), rungs: [] }
}

function mendOfEmbedded(other: Binaries | BanyanError | null): string {
  const edit = "postgres: 'distribution' in `data` of the config"
  if (other !== null && !BanyanError.is(other)) {
    return `For a server that lasts write ${edit}: ${other.version} is installed (${other.binDirectory}).`
  }
  const command =
    process.platform === 'darwin' ? 'brew install postgresql@18' : 'apt-get install postgresql'
  return `For a server that lasts: ${command}, then ${edit}.`
}

async function checkAccount(): Promise<readonly Check[]> {
  const name = 'user of PostgreSQL'
  try {
    const account = await accountForPostgres()
    if (account === null) return []
    const why = 'PostgreSQL refuses to run as root'
    return [{ ...ok(name, `${account.name} (you are root)`), why }]
  } catch (error) {
    if (!BanyanError.is(error)) throw error
    const mend = error.hint ?? null
    return [{ name, outcome: 'failed', found: error.message, why: null, mend, rungs: [] }]
  }
}
