import { couldElect } from './elect.ts'
import { frozenMs, type MemberView, type ShardView } from './view.ts'

/**
 * A primary that runs, and says nothing for so long, is ended when somebody can take over. A machine that is
 * busy delays an answer on a kept connection by tenths of a second; a wrong guess costs half a second of
 * writing and never a commit.
 */
const silentPrimaryMs = 5_000
const silentQuestions = 5

/** Why what is left of the primary has to be ended before anything else; null where it has not. */
export function whyFence(view: ShardView, primary: MemberView): string | null {
  const { name, life, lifeForMs, silentForMs, unanswered } = primary
  if (life === 'orphaned') return orphansOf(name)
  if (life === 'dead') {
    if (view.fenced.has(name)) return null
    return view.members.length === 1 ? '' : `Make sure that nothing of ${name} is left.`
  }
  if (life === 'frozen') {
    if (lifeForMs < frozenMs || !couldElect(view)) return null
    return `${name} stands still; end it, so that it cannot wake as a second primary.`
  }
  const silent = silentForMs >= silentPrimaryMs && unanswered >= silentQuestions
  if (!silent || !couldElect(view)) return null
  return `${name} has not answered for ${Math.round(silentForMs / 1_000)} s; end it, so that another can take over.`
}

const orphansOf = (name: string): string =>
  `${name} has died and left processes that could still write; end them.`
