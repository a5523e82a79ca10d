import { freezeDeep } from './freeze.ts'
import { applyMigrations, bringUpData, destroyData, stopData } from './plan/data.ts'
import { changeHosts, mendGateway, moveEntry, stopMuteEntries } from './plan/entry.ts'
import { changeMembers, growMembers, moveData, shrinkMembers } from './plan/members.ts'
import { runsAsAsked } from './plan/reached.ts'
import { buildRelease, contractMigrations, recordRelease, tryRelease } from './plan/release.ts'
import type { Rule } from './plan/rule.ts'
import {
  addServices,
  changeIdle,
  changeServices,
  changeWorkers,
  haltServices,
  removeServices,
  stopServices,
} from './plan/services.ts'
import { bringUpStandIns, doubleChanging } from './plan/stand-in.ts'
import { clearPorts, growObservers, haltObservers, shrinkObservers } from './plan/telemetry.ts'
import { simulate } from './simulate.ts'
import type { Goal, State } from './state.ts'
import type { Step } from './step.ts'

/*
 * The order of a climb, and why it is this one:
 *
 * 1. A rung that is given up is withdrawn first: nobody may rely on what is about to go.
 * 2. A host whose address changes takes all its nodes with it. The public socket is on one host.
 * 3. Requests that nobody answers go to whoever runs and could. An entry node that is on its way out
 *    and cannot answer what another one can goes at once.
 * 4. The primary comes up before anything that needs it. Its copies keep nobody from starting.
 * 5. A release is built before it changes anything of the app. Migrations come before the code that was
 *    written for them; they only ever expand, unless nothing older runs or is live.
 * 6. Grow before shrink: new nodes serve before others go. A process behind a gateway gets requests as
 *    soon as it runs. The gateway comes after those that it sends requests to, and nobody accepts from
 *    the public socket who could not answer what others answer.
 * 7. A release brings a stand-in of the first process of every service with routes, which stays until
 *    the last process of that service runs the release: as many answer meanwhile as before.
 * 8. What a new process answers is compared with what an older one does, on a first share of the
 *    requests. Until that is done, nothing older that answers or works is taken out, whatever else is
 *    to change. Where nobody older answers, there is nothing to compare with, and nobody to protect.
 * 9. A node whose place, entry, size or release changes is drained, stopped, changed and started, one
 *    after another, and only while others answer in its stead; one that gets no requests goes first.
 * 10. Where nobody else does, a stand-in comes up first: the node that it is going to be, beside it.
 *    Workers need none: nobody waits for their answer, and two at once would be one too many.
 *    A node whose port somebody has waits, leaves its own port to others, and has a stand-in meanwhile.
 * 11. What the goal does not have goes when everybody is answered without it, the entry before those
 *    that it sends requests to; behind a gateway it is drained before it is told to stop.
 * 12. Workers change when everything that answers has.
 * 13. When all is to be off: what takes requests in stops before what answers them, then databases.
 * 14. Data goes only when nothing runs that could use it, and only when that was asked for; but a copy goes
 *    when the primary runs, no commit waits for it, and the goal does not have it.
 * 15. A server that somebody else runs is watched and asked, and let go of where ours would be deleted.
 * 16. A release is recorded as live when everything of the app is there. Then the database gets the copies
 *    that it is to have, moves, and loses the others (members.ts says in which order): all of that goes on
 *    beside an app that is answered, whichever it is, and a copy that is slow to come keeps no release.
 * 17. Those who watch come up behind all others, and go behind them, so that they see them come and go.
 * 18. A rung is recorded as held when everything that it promises is there.
 * 19. What the live release does not need is taken away last of all: nothing older runs or would be
 *    started again, and no later step can fail and turn the climb back.
 *
 * Each rule looks at the state alone, never at the rules that went before. So a climb that was
 * interrupted anywhere is planned again from what is there, and goes on as if nothing had happened.
 * So does one that turns back: its goal is the release before, which is live still, and for as long as it
 * is, its migrations hold; there is nothing to build, to try, or to migrate on that way.
 *
 * Rules 6 to 11 ask of every single step whether it takes an answer away from anybody (`lossOf`), and
 * leave it out when it does. That is why their order is enough: from each state, something that
 * takes nothing away leads on, and if it is the stand-in.
 */
const growing: readonly Rule[] = [
  withdrawRungs,
  changeHosts,
  clearPorts,
  moveEntry,
  mendGateway,
  stopMuteEntries,
  bringUpData,
  buildRelease,
  applyMigrations,
  addServices,
  changeIdle,
  doubleChanging,
  tryRelease,
  changeServices,
  bringUpStandIns,
  stopServices,
  removeServices,
  changeWorkers,
  stopData,
  destroyData,
  recordRelease,
  growMembers,
  changeMembers,
  moveData,
  shrinkMembers,
  growObservers,
  shrinkObservers,
  recordRungs,
  contractMigrations,
]

/** A system that is to be off grows nothing. */
const halting: readonly Rule[] = [
  withdrawRungs,
  haltServices,
  removeServices,
  stopData,
  destroyData,
  haltObservers,
  shrinkObservers,
]

/**
 * The steps from a state to a goal: plain frozen data, empty when the goal is reached.
 *
 * @example
 * for (const step of plan(state, goal)) console.log(sentenceOf(step))
 */
export const plan = (current: State, goal: Goal): readonly Step[] => {
  const steps: Step[] = []
  let state = current
  for (let step = nextStep(state, goal); step; step = nextStep(state, goal)) {
    steps.push(step)
    state = simulate(state, step)
  }
  return freezeDeep(steps)
}

/** The first step of a plan, or null when nothing is left to do: then the goal is reached (`isReached`). */
export const nextStep = (state: State, goal: Goal): Step | null => {
  for (const rule of goal.power === 'on' ? growing : halting) {
    const step = rule(state, goal)
    if (step) return step
  }
  return null
}

function withdrawRungs({ topology }: State, goal: Goal): Step | undefined {
  const kept = topology.rungs.filter((rung) => goal.topology.rungs.includes(rung))
  if (kept.length < topology.rungs.length) return { kind: 'record-rungs', rungs: kept }
}

function recordRungs(state: State, goal: Goal): Step | undefined {
  const { rungs } = goal.topology
  if (rungs.join() !== state.topology.rungs.join() && runsAsAsked(state, goal))
    return { kind: 'record-rungs', rungs }
}
