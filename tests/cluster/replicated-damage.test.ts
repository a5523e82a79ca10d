import assert from 'node:assert/strict'
import { appendFile, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { eventually } from './support/banyan.ts'
import type { ClimbSystem } from './support/climbs.ts'
import { proveDuring } from './support/climbs.ts'
import { assertFlawless, type ReleaseSystem } from './support/releases.ts'
import { shardIn, signalMember, startShardSystem, whole } from './support/shard-system.ts'

/* A replica whose copy can be no server any more is made anew, while its primary goes on writing. */

describe('a replica that cannot be started', { timeout: 900_000 }, () => {
  let released: ReleaseSystem

  before(async () => {
    released = await startShardSystem()
  })
  after(async () => await released?.remove())

  for (const { what, damage, why } of [
    {
      what: 'its control file is gone',
      damage: async (data: string) => await rm(join(data, 'global/pg_control')),
      why: /pg_control/,
    },
    {
      what: 'a setting is refused',
      damage: async (data: string) =>
        await appendFile(join(data, 'postgresql.auto.conf'), "\nshared_buffers = 'many'\n"),
      why: /configuration file/,
    },
    {
      what: 'the folder of its WAL is gone',
      damage: async (data: string) =>
        await rm(join(data, 'pg_wal'), { recursive: true, maxRetries: 10, retryDelay: 20 }),
      why: /pg_wal/,
    },
  ]) {
    it(`is made anew: ${what}`, async (context) => {
      const { system } = released
      const { primary, confirming, term } = shardIn(await whole(system))
      const [victim = ''] = confirming
      const data = join(system.state, 'nodes', victim, 'data')
      const { ino } = await stat(data)
      const from = (await sentencesOf(system)).length
      const proof = await proveDuring(system, ['--rate', '40', '--strict'], async () => {
        await signalMember(system, victim, 'SIGKILL')
        await eventually(async () =>
          (await signalMember(system, victim, 'SIGKILL')) > 0 ? null : true,
        )
        await damage(data)
        await eventually(async () => ((await stat(data)).ino === ino ? null : true), 60_000)
        await whole(system, 120_000)
      })
      assertFlawless(proof)
      const after = shardIn(await whole(system))
      assert.deepEqual([after.primary, after.term], [primary, term])
      const said = (await sentencesOf(system)).slice(from)
      const sentence = said.find((one) => /started \d+ times in vain/.test(one)) ?? ''
      context.diagnostic(sentence)
      assert.match(sentence, new RegExp(`^${victim} .*; it is made anew`))
      assert.match(sentence, why)
    })
  }
})

/** What control has said so far. */
async function sentencesOf({ state }: ClimbSystem): Promise<readonly string[]> {
  const lines = (await readFile(join(state, 'control.log'), 'utf8')).split('\n')
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line).sentence ?? '')
}
