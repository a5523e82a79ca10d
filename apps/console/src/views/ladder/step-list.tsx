import type { ClimbReport } from '@banyan/control/api'
import { formatElapsed, formatMs } from '../../format/duration.ts'
import type { StepNow } from '../../live/climb-now.ts'
import { isLive, now } from '../../live/live.ts'
import { Icon } from '../../ui/icon.tsx'
import type { IconName } from '../../ui/icons.ts'

type Row = {
  readonly key: string
  readonly sentence: string
  readonly state: StepNow['state'] | ClimbReport['steps'][number]['outcome']
  readonly took: string
}

const looks: Readonly<Record<Row['state'], { readonly icon: IconName; readonly state: string }>> = {
  going: { icon: 'starting', state: 'starting' },
  done: { icon: 'check', state: 'healthy' },
  failed: { icon: 'failed', state: 'failed' },
  interrupted: { icon: 'warn', state: 'draining' },
}

/** The steps of the climb that goes on; the time of the one that is under way ticks. */
export function StepsNow({ steps }: { readonly steps: readonly StepNow[] }) {
  const rows = steps.map(({ key, sentence, state, ms, begunAt }) => ({
    key,
    sentence,
    state,
    took: ms !== null ? formatMs(ms) : isLive.value ? formatElapsed(now.value - begunAt) : '–',
  }))
  return <Steps rows={rows} />
}

/** The steps of a climb that has ended. */
export function StepsOf({ report }: { readonly report: ClimbReport }) {
  const rows = report.steps.map(({ sentence, outcome, ms }, index) => ({
    key: `${index}`,
    sentence,
    state: outcome,
    took: ms === null ? '–' : formatMs(ms),
  }))
  return <Steps rows={rows} />
}

function Steps({ rows }: { readonly rows: readonly Row[] }) {
  return (
    <ol class="steps">
      {rows.map(({ key, sentence, state, took }) => (
        <li key={key} class={`state-${looks[state].state}`}>
          <Icon name={looks[state].icon} size={14} />
          <span class="sr-only">{state}: </span>
          <span>{sentence}</span>
          <span class="took">{took}</span>
        </li>
      ))}
    </ol>
  )
}
