import type { ComponentType } from 'preact'
import type { ViewName } from './route.ts'
import { later } from './ui/later.tsx'
import { DiagramView } from './views/diagram/view.tsx'

/** All views but the one that a person sees first. */
const others = {
  ladder: later(async () => (await import('./views/ladder/view.tsx')).LadderView),
  faults: later(async () => (await import('./views/faults/view.tsx')).FaultsView),
  charts: later(async () => (await import('./views/charts/view.tsx')).ChartsView),
  logs: later(async () => (await import('./views/logs/view.tsx')).LogsView),
  traces: later(async () => (await import('./views/traces/view.tsx')).TracesView),
  data: later(async () => (await import('./views/data/view.tsx')).DataView),
}

/** What is shown at each place. */
export const shownViews: Readonly<Record<ViewName, ComponentType>> = {
  diagram: DiagramView,
  ladder: others.ladder.View,
  faults: others.faults.View,
  charts: others.charts.View,
  logs: others.logs.View,
  traces: others.traces.View,
  data: others.data.View,
}

/** Has all views here, so that none is waited for, also where control is away for a moment. */
export function loadViews(): void {
  for (const { load } of Object.values(others)) void load()
}
