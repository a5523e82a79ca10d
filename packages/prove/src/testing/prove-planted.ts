import type { Report } from '../report.ts'
import { runProof } from '../run-proof.ts'
import { builtInScenario } from '../scenarios/built-in.ts'
import { type PlantedOptions, PlantedServer } from './planted-server.ts'

const token = 'token of the planted server'

/** The built-in scenario against a planted server, as `banyan prove` runs it. */
export async function provePlanted(
  options: Omit<PlantedOptions, 'token'>,
  { rate, seconds }: { rate: number; seconds: number },
): Promise<{ report: Report; server: PlantedServer }> {
  const server = await new PlantedServer({ token, ...options }).start()
  try {
    const scenario = builtInScenario(token)
    const report = await runProof({ scenario, url: server.url, rate, seconds, seed: options.seed })
    return { report, server }
  } finally {
    await server.close()
  }
}

/** What a report accuses the server of, for the message of a test that fails. */
export const sayFound = ({ anomalyCounts, anomalies, unverified }: Report): string =>
  JSON.stringify({
    anomalyCounts,
    unverified,
    sentences: anomalies.map(({ sentence }) => sentence),
  })

/** How many seeded runs a test makes: 10 with every run of the tests, all 100 in the soak. */
export const runsWanted = (): number => Number(process.env.BANYAN_PROVE_RUNS ?? 10)
