import { writeFile } from 'node:fs/promises'
import {
  DashboardBuilder,
  DatasourceVariableBuilder,
  RowBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { data } from './dashboards/data.ts'
import { nodes } from './dashboards/nodes.ts'
import { overview } from './dashboards/overview.ts'
import type { DashboardSpec, PanelSpec } from './dashboards/panels.ts'
import { web } from './dashboards/web.ts'

const target = new URL('../packages/control/src/engines/prometheus/dashboards/', import.meta.url)

/** Whichever Prometheus the reader's Grafana has; it is chosen on the page. */
const source = { type: 'prometheus', uid: '$' + '{datasource}' }

/** Of the 24 columns of a page. */
const columns = 24
const panelSize = { timeseries: { w: 8, h: 8 }, stat: { w: 6, h: 4 } }

/** Every dashboard, as Grafana imports it, by the name of its file. */
export function dashboards(): Map<string, string> {
  const specs = [overview, web, data, nodes]
  return new Map(
    specs.map((spec) => [`${spec.name}.json`, `${JSON.stringify(build(spec), null, 2)}\n`]),
  )
}

function build({ name, title, description, rows }: DashboardSpec) {
  const builder = new DashboardBuilder(title)
    .uid(name)
    .description(description)
    .tags(['banyan'])
    .editable()
    .refresh('10s')
    .time({ from: 'now-1h', to: 'now' })
    .timezone('browser')
    .withVariable(
      new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'),
    )
  let top = 0
  let id = 100
  for (const row of rows) {
    builder.withRow(new RowBuilder(row.title).gridPos({ x: 0, y: top, w: columns, h: 1 }))
    top += 1
    let left = 0
    for (const panel of row.panels) {
      const { w, h } = panelSize[panel.kind ?? 'timeseries']
      if (left + w > columns) {
        left = 0
        top += h
      }
      id += 1
      builder.withPanel(panelOf(panel).id(id).gridPos({ x: left, y: top, w, h }))
      left += w
    }
    top += panelSize[row.panels[0]?.kind ?? 'timeseries'].h
  }
  return builder.build()
}

function panelOf({ title, description, kind, unit, max, queries }: PanelSpec) {
  const panel = kind === 'stat' ? new StatBuilder() : new PanelBuilder().min(0)
  panel.title(title).description(description).datasource(source).unit(unit)
  if (max !== undefined) panel.max(max)
  for (const [index, { expr, legend }] of queries.entries()) {
    const query = new DataqueryBuilder().refId('ABCDEFGH'.charAt(index))
    panel.withTarget(query.expr(expr).legendFormat(legend).datasource(source))
  }
  return panel
}

if (import.meta.main) {
  for (const [name, text] of dashboards()) await writeFile(new URL(name, target), text)
}
