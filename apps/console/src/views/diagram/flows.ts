import { computed } from '@preact/signals'
import { live } from '../../live/live.ts'
import { byEdge } from './flow-sums.ts'

/** What moves on each way now. */
export const flows = computed(() => byEdge(live.flow.value))
