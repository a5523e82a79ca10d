import assert from 'node:assert/strict'
import { test } from 'node:test'
import { calm } from './chaos.ts'
import type { FakeServer } from './fake-server.ts'
import { run, untilWhole } from './run-seed.ts'
import { Simulation } from './simulation.ts'

const settings = { quorum: 1, durability: 'required', replicated: true } as const
const stepMs = Number(process.env.BANYAN_SIM_STEP_MS ?? '20')
const signal = new AbortController().signal

/** A shard of three that is whole, and what happens to it; fails as the simulation does. */
async function play(
  seed: number,
  work: (sim: Simulation) => Promise<void>,
  options: Partial<ConstructorParameters<typeof Simulation>[0]> = {},
): Promise<Simulation> {
  const sim = new Simulation({ seed, replicas: 2, settings, ...options })
  const outcome = await run(sim, async () => {
    void sim.found()
    await untilWhole(sim, 10_000)
    await sim.world.runUntil(sim.world.nowMs + 3_500)
    await work(sim)
  })
  if (outcome.error !== null) {
    const text = outcome.trace.slice(-60).join('\n')
    throw new Error(`${outcome.error.message}\n${text}`)
  }
  return sim
}

const primaryOf = (sim: Simulation): FakeServer => {
  assert.ok(sim.primary)
  return sim.primary
}

const pass = async (sim: Simulation, milliseconds: number): Promise<void> =>
  await sim.world.runUntil(sim.world.nowMs + milliseconds)

/** Something is done at each of these moments after the beginning, each in a run of its own. */
async function atEachMoment(
  endMs: number,
  begin: (sim: Simulation) => void,
  strike: (sim: Simulation) => void,
): Promise<void> {
  for (let atMs = 0; atMs < endMs; atMs += stepMs) {
    await play(1_000 + atMs, async (sim) => {
      begin(sim)
      await pass(sim, atMs)
      strike(sim)
      await pass(sim, 800)
      calm(sim)
      await untilWhole(sim, 60_000)
      sim.judge.demandAll(primaryOf(sim))
    })
  }
}

const killPrimary = (sim: Simulation): void => sim.kill(primaryOf(sim))
const beginSwitchover = (sim: Simulation): void => {
  sim.keeper.switchOver(null, signal).catch(() => {})
}

test('control dies at any moment of a failover, and the next one finishes it', async () => {
  await atEachMoment(400, killPrimary, (sim) => sim.killControl())
})

test('the heir dies at any moment of a failover', async () => {
  await atEachMoment(400, killPrimary, (sim) => {
    const heir = sim.keeper.record.promotion?.to ?? sim.keeper.record.primary
    if (heir !== null) sim.kill(sim.server(heir))
  })
})

test('the third member dies at any moment of a failover', async () => {
  await atEachMoment(400, killPrimary, (sim) => {
    const { promotion, primary } = sim.keeper.record
    const third = sim.servers.find(
      ({ name }) => name !== (promotion?.to ?? primary) && name !== promotion?.from,
    )
    if (third !== undefined) sim.kill(third)
  })
})

test('control dies at any moment of a switchover, which is finished or taken back', async () => {
  await atEachMoment(500, beginSwitchover, (sim) => sim.killControl())
})

for (const who of ['old primary', 'heir'] as const) {
  for (const how of ['dies', 'stands still'] as const) {
    test(`the ${who} ${how} at any moment of a switchover`, async () => {
      await atEachMoment(500, beginSwitchover, (sim) => {
        const { promotion, primary, wanted } = sim.keeper.record
        const heir = promotion?.to ?? wanted.find((name) => name !== primary)
        const server = sim.server((who === 'heir' ? heir : primary) ?? 'db-1')
        if (how === 'dies') sim.kill(server)
        else server.freeze()
      })
    })
  }
}

test('with one member missing at a time, writing goes on within two seconds', async (t) => {
  const gaps: number[] = []
  for (let seed = 1; seed <= 20; seed++) {
    await play(seed, async (sim) => {
      for (let turn = 0; turn < 4; turn++) {
        const server = sim.world.chance(0.7) ? primaryOf(sim) : sim.world.pick(sim.servers)
        sim.judge.longestGapMs = 0
        if (sim.world.chance(0.3)) {
          sim.world.say(`${server.name} is frozen`)
          server.freeze()
          sim.world.later(10_000, () => server.wake())
        } else sim.kill(server)
        await pass(sim, 4_000)
        gaps.push(Math.max(sim.judge.longestGapMs, sim.world.nowMs - sim.judge.lastAckMs))
        await untilWhole(sim, 30_000)
        await pass(sim, 3_100)
      }
    })
  }
  gaps.sort((a, b) => a - b)
  const worst = gaps.at(-1) ?? 0
  t.diagnostic(
    `median ${Math.round(gaps[gaps.length >> 1] ?? 0)} ms, worst ${Math.round(worst)} ms`,
  )
  assert.ok(worst < 2_000, `${worst} ms without an acknowledged write`)
})

test('a replica that dies is not waited for by the next failover', async () => {
  await play(7, async (sim) => {
    const [replica] = sim.servers.filter((server) => !server.isOpen)
    assert.ok(replica)
    replica.cannotStart = true
    sim.kill(replica)
    await pass(sim, 1_500)
    assert.ok(!sim.keeper.record.confirming.includes(replica.name))
    const old = primaryOf(sim)
    sim.kill(old)
    await pass(sim, 1_500)
    assert.notEqual(primaryOf(sim), old)
  })
})

test('primary and replica die at once: nobody is promoted, it is said what is missing, and it recovers', async () => {
  await play(8, async (sim) => {
    const old = primaryOf(sim)
    const [replica] = sim.servers.filter((server) => !server.isOpen)
    assert.ok(replica)
    for (const server of [old, replica]) {
      server.cannotStart = true
      sim.kill(server)
    }
    await pass(sim, 6_000)
    assert.equal(sim.primary, null)
    const { situation } = sim.keeper
    assert.ok(situation.refuses)
    assert.match(
      situation.sentence,
      new RegExp(`${old.name} is dead.*${replica.name} gives no answer`),
    )
    assert.match(situation.sentence, /--accept-loss/)
    replica.cannotStart = false
    await pass(sim, 12_000)
    assert.notEqual(primaryOf(sim), old)
    old.cannotStart = false
    await untilWhole(sim, 30_000)
  })
})

test('with accepted loss the one that answers goes on, and the others are made anew', async () => {
  await play(9, async (sim) => {
    const old = primaryOf(sim)
    const [gone, left] = sim.servers.filter((server) => !server.isOpen)
    assert.ok(gone !== undefined && left !== undefined)
    for (const server of [old, gone]) {
      server.cannotStart = true
      sim.kill(server)
    }
    await pass(sim, 3_000)
    const forecast = sim.keeper.lossOf(null)
    assert.equal(forecast.to, left.name)
    assert.deepEqual([...forecast.missing].sort(), [old.name, gone.name].sort())
    sim.judge.lossIsAccepted = true
    sim.settings = { ...settings, durability: 'preferred' }
    void sim.keeper.acceptLoss(null, signal).catch(() => {})
    await pass(sim, 4_000)
    assert.equal(primaryOf(sim), left)
    for (const { name } of [old, gone]) {
      assert.ok(
        sim.world.trace.some((line) => line.includes(`Make ${name} anew from ${left.name}`)),
      )
    }
    calm(sim)
    sim.settings = settings
    await untilWhole(sim, 60_000)
  })
})

test('whoever accepts a loss waits neither for a copy nor for a start that takes its time', async () => {
  await play(22, async (sim) => {
    const old = primaryOf(sim)
    const [gone, left] = sim.servers.filter((server) => !server.isOpen)
    assert.ok(gone !== undefined && left !== undefined)
    for (const server of [old, gone]) server.isDamaged = true
    for (const server of [old, gone]) server.die()
    while (old.run === null) await pass(sim, 1)
    // As one that has hours of WAL to read.
    old.freeze()
    await pass(sim, 100)
    sim.judge.lossIsAccepted = true
    for (const server of [old, gone]) server.cannotStart = true
    let heir: string | null = null
    const began = sim.world.nowMs
    const accepted = sim.keeper.acceptLoss(null, signal).then(({ to }) => {
      heir = to
    })
    while (heir === null && sim.world.nowMs - began < 10_000) await pass(sim, 10)
    await accepted
    assert.equal(heir, left.name)
    assert.ok(sim.world.nowMs - began < 3_000, `${sim.world.nowMs - began} ms`)
    assert.equal(saidOf(sim, 'Nobody confirmed the term in time'), 0)
    const { open, closedSinceMs } = sim.keeper.situation
    assert.ok(open && closedSinceMs !== null)
    assert.ok(saidOf(sim, 'commits are held until a replica') > 0)
    calm(sim)
    await untilWhole(sim, 70_000)
  })
})

test('both replicas are dead: commits wait where they have to, and go on where they need not', async () => {
  for (const durability of ['required', 'preferred'] as const) {
    await play(
      10,
      async (sim) => {
        for (const server of sim.servers.filter((one) => !one.isOpen)) {
          server.cannotStart = true
          sim.kill(server)
        }
        await pass(sim, 4_000)
        const silentMs = sim.world.nowMs - sim.judge.lastAckMs
        assert.equal(silentMs > 2_000, durability === 'required')
        calm(sim)
        await untilWhole(sim, 30_000)
      },
      { settings: { ...settings, durability } },
    )
  }
})

test('a frozen primary is ended before another takes over, and never wakes as a second one', async () => {
  await play(11, async (sim) => {
    const old = primaryOf(sim)
    old.freeze()
    await pass(sim, 1_500)
    assert.notEqual(primaryOf(sim), old)
    assert.notEqual(old.run?.frozen, true)
  })
})

test('a frozen primary that nobody can replace is left alone, and goes on when it wakes', async () => {
  await play(
    12,
    async (sim) => {
      const old = primaryOf(sim)
      for (const server of sim.servers) if (server !== old) server.cannotStart = true
      for (const server of sim.servers) if (server !== old) sim.kill(server)
      await pass(sim, 1_000)
      old.freeze()
      await pass(sim, 10_000)
      assert.equal(old.run?.frozen, true)
      calm(sim)
      await untilWhole(sim, 30_000)
      assert.equal(sim.primary, old)
    },
    { replicas: 1 },
  )
})

test('a primary that is slow to answer is not ended', async () => {
  await play(13, async (sim) => {
    const old = primaryOf(sim)
    old.isMute = true
    await pass(sim, 20_000)
    assert.equal(sim.primary, old, 'its replicas still get WAL from it')
  })
})

test('a primary whose disk is full gives way, though its server cannot be started', async () => {
  await play(14, async (sim) => {
    const old = primaryOf(sim)
    old.cannotStart = true
    old.die()
    await pass(sim, 2_000)
    assert.notEqual(primaryOf(sim), old)
  })
})

test('failovers that do not last are paused between, with growing pauses', async () => {
  await play(15, async (sim) => {
    sim.onOpen = (server) => sim.world.later(250, () => sim.kill(server))
    const before = sim.keeper.record.term
    killPrimary(sim)
    await pass(sim, 20_000)
    const promotions = sim.keeper.record.term - before
    assert.ok(promotions < 12, `${promotions} promotions in 20 s`)
    calm(sim)
    await untilWhole(sim, 60_000)
  })
})

test('a server that is alone is started where it is', async () => {
  await play(
    16,
    async (sim) => {
      killPrimary(sim)
      await untilWhole(sim, 5_000)
      assert.equal(sim.keeper.record.term, 1)
    },
    { replicas: 0, settings: { ...settings, replicated: false } },
  )
})

test('a switchover loses no second, and to one who may miss something it is refused', async () => {
  await play(17, async (sim) => {
    const [heir, other] = sim.servers.filter((server) => !server.isOpen)
    assert.ok(heir !== undefined && other !== undefined)
    const refusals = [
      ['db-9', /no member db-9/],
      [primaryOf(sim).name, /is the primary already/],
    ] as const
    for (const [name, why] of refusals) {
      const refused = assert.rejects(sim.keeper.switchOver(name, signal), why)
      await pass(sim, 600)
      await refused
    }
    other.freeze()
    await pass(sim, 1_000)
    const refused = assert.rejects(sim.keeper.switchOver(other.name, signal), /does not run/)
    await pass(sim, 600)
    await refused
    other.wake()
    sim.judge.longestGapMs = 0
    const done = sim.keeper.switchOver(heir.name, signal)
    await pass(sim, 2_000)
    assert.equal(await done, heir.name)
    assert.ok(sim.judge.longestGapMs < 1_000, `${sim.judge.longestGapMs} ms`)
    await untilWhole(sim, 10_000)
  })
})

const saidOf = (sim: Simulation, words: string): number =>
  sim.world.trace.filter((line) => line.includes(words)).length

test('a replica that cannot be started is made anew, and its primary goes on meanwhile', async () => {
  await play(18, async (sim) => {
    const [replica] = sim.servers.filter((server) => !server.isOpen)
    assert.ok(replica)
    replica.isDamaged = true
    sim.kill(replica)
    sim.judge.longestGapMs = 0
    await untilWhole(sim, 15_000)
    assert.equal(replica.isDamaged, false)
    assert.match(sim.world.trace.join('\n'), /db-\d was started \d times in vain/)
    assert.ok(sim.judge.longestGapMs < 1_000, `${sim.judge.longestGapMs} ms`)
  })
})

test('both replicas cannot be started: one after the other is made anew, from a primary that holds commits', async () => {
  await play(19, async (sim) => {
    const replicas = sim.servers.filter((server) => !server.isOpen)
    for (const replica of replicas) replica.isDamaged = true
    for (const replica of replicas) replica.die()
    await untilWhole(sim, 60_000)
  })
})

test('a replica that could not start for a moment keeps its copy', async () => {
  await play(20, async (sim) => {
    const [replica] = sim.servers.filter((server) => !server.isOpen)
    assert.ok(replica)
    replica.cannotStart = true
    sim.kill(replica)
    await pass(sim, 1_500)
    replica.cannotStart = false
    await untilWhole(sim, 10_000)
    assert.equal(saidOf(sim, `Make ${replica.name} anew`), 0)
  })
})

test('a copy that nobody can start is made again with growing pauses', async () => {
  await play(21, async (sim) => {
    const [replica] = sim.servers.filter((server) => !server.isOpen)
    assert.ok(replica)
    replica.cannotStart = true
    sim.kill(replica)
    await pass(sim, 120_000)
    const copies = saidOf(sim, `Make ${replica.name} anew`)
    assert.ok(copies >= 3 && copies <= 10, `${copies} copies in two minutes`)
    calm(sim)
    await untilWhole(sim, 70_000)
  })
})

test('the primary of a replica that cannot be started dies: nothing is lost, and both come back', async () => {
  for (let atMs = 0; atMs < 8_000; atMs += 250) {
    await play(2_000 + atMs, async (sim) => {
      const [replica] = sim.servers.filter((server) => !server.isOpen)
      assert.ok(replica)
      replica.isDamaged = true
      replica.die()
      await pass(sim, atMs)
      killPrimary(sim)
      await untilWhole(sim, 60_000)
      sim.judge.demandAll(primaryOf(sim))
    })
  }
})

for (const what of ['questions', 'answers'] as const) {
  test(`a primary that control is cut off from goes on, with no ${what}`, async () => {
    await play(23, async (sim) => {
      const old = primaryOf(sim)
      const { term } = sim.keeper.record
      old.cut = what
      sim.judge.longestGapMs = 0
      await pass(sim, 30_000)
      assert.deepEqual([sim.primary, sim.keeper.record.term], [old, term])
      assert.ok(sim.judge.longestGapMs < 1_000, `${sim.judge.longestGapMs} ms`)
      calm(sim)
      await untilWhole(sim, 10_000)
    })
  })

  test(`the heir is cut off at any moment of a failover, with no ${what}`, async () => {
    await atEachMoment(400, killPrimary, (sim) => {
      const { promotion, primary } = sim.keeper.record
      const server = sim.server(promotion?.to ?? primary ?? 'db-1')
      server.cut = what
    })
  })

  test(`either side is cut off at any moment of a switchover, with no ${what}`, async () => {
    for (const side of ['from', 'to'] as const) {
      await atEachMoment(500, beginSwitchover, (sim) => {
        const { promotion, primary } = sim.keeper.record
        sim.server(promotion?.[side] ?? primary ?? 'db-1').cut = what
      })
    }
  })
}
