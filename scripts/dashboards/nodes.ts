import { type DashboardSpec, rate } from './panels.ts'

export const nodes: DashboardSpec = {
  name: 'banyan-nodes',
  title: 'Banyan: nodes and machine',
  description: 'What each node takes, and what the machine has left.',
  rows: [
    {
      title: 'Nodes',
      panels: [
        {
          title: 'Health',
          description: '1 for a node that is healthy, 0 for every other.',
          unit: 'short',
          max: 1,
          queries: [{ expr: 'min by (node, tier) (banyan_node_up)', legend: '{{node}}' }],
        },
        {
          title: 'Processors',
          description: 'How many a node keeps busy.',
          unit: 'short',
          queries: [
            {
              expr: `sum by (node) (${rate('banyan_node_cpu_seconds_total')})`,
              legend: '{{node}}',
            },
          ],
        },
        {
          title: 'Memory',
          description: 'Of all processes of a node.',
          unit: 'bytes',
          queries: [{ expr: 'max by (node) (banyan_node_memory_bytes)', legend: '{{node}}' }],
        },
        {
          title: 'Uptime',
          description: 'A line that falls to 0 is a process that was started again.',
          unit: 's',
          queries: [{ expr: 'max by (node) (process_uptime_seconds)', legend: '{{node}}' }],
        },
        {
          title: 'Processors, as processes see it',
          description: 'By mode.',
          unit: 'short',
          queries: [
            {
              expr: `sum by (node, cpu_mode) (${rate('process_cpu_time_seconds_total')})`,
              legend: '{{node}} {{cpu_mode}}',
            },
          ],
        },
        {
          title: 'Memory, as processes see it',
          description: 'Resident.',
          unit: 'bytes',
          queries: [{ expr: 'max by (node) (process_memory_usage_bytes)', legend: '{{node}}' }],
        },
      ],
    },
    {
      title: 'Machine',
      panels: [
        {
          title: 'Processors',
          description: 'By mode.',
          unit: 'short',
          queries: [
            {
              expr: `sum by (cpu_mode) (${rate('system_cpu_time_seconds_total')})`,
              legend: '{{cpu_mode}}',
            },
          ],
        },
        {
          title: 'Memory',
          description: 'By state.',
          unit: 'bytes',
          queries: [
            {
              expr: 'sum by (system_memory_state) (system_memory_usage_bytes)',
              legend: '{{system_memory_state}}',
            },
          ],
        },
        {
          title: 'Disk of the state directory',
          description: 'By state.',
          unit: 'bytes',
          queries: [
            {
              expr: 'sum by (system_filesystem_state) (system_filesystem_usage_bytes)',
              legend: '{{system_filesystem_state}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Telemetry itself',
      panels: [
        {
          title: 'Given up',
          description: 'Telemetry that was given up rather than have the app wait.',
          unit: 'short',
          queries: [
            {
              expr: `sum by (node, signal) (${rate('banyan_telemetry_dropped_total')})`,
              legend: '{{node}} {{signal}}',
            },
            {
              expr: `sum by (signal) (${rate('banyan_store_dropped_total')})`,
              legend: 'store {{signal}}',
            },
          ],
        },
        {
          title: 'The store',
          description: 'What it takes in.',
          unit: 'short',
          queries: [
            {
              expr: `sum by (signal) (${rate('banyan_store_rows_total')})`,
              legend: '{{signal}}',
            },
          ],
        },
        {
          title: 'The room of the store',
          description: 'It is bounded.',
          unit: 'bytes',
          queries: [{ expr: 'max(banyan_store_bytes)', legend: 'store' }],
        },
      ],
    },
  ],
}
