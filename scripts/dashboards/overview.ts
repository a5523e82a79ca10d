import { type DashboardSpec, quantile, rate, window } from './panels.ts'

const failed = '{banyan_answer=~"5xx|aborted"}'
const requests = 'banyan_entry_requests_total'
const served = 'http_server_request_duration_seconds_count'

/** Where a web process is the entry itself, it counts; else the entry knows more. */
const sumOf = (over: string): string =>
  `(sum(rate(${requests}[${over}])) or sum(rate(${served}[${over}])))`
const failedOf = (over: string): string =>
  `(sum(rate(${requests}${failed}[${over}])) or sum(rate(${served}{http_response_status_code=~"5.."}[${over}])) or vector(0))`

export const overview: DashboardSpec = {
  name: 'banyan-overview',
  title: 'Banyan: overview',
  description: 'Whether the app answers, how fast, and what changes.',
  rows: [
    {
      title: 'Now',
      panels: [
        {
          title: 'Requests',
          description: 'What the entry answered, each second.',
          kind: 'stat',
          unit: 'reqps',
          queries: [{ expr: sumOf(window), legend: 'requests' }],
        },
        {
          title: 'Failed',
          description: 'The part of the requests that failed in the last hour.',
          kind: 'stat',
          unit: 'percentunit',
          queries: [
            {
              expr: `${failedOf('1h')} / ${sumOf('1h')}`,
              legend: 'failed',
            },
          ],
        },
        {
          title: 'Nodes that are not healthy',
          description: 'Every number but 0 is worth a look.',
          kind: 'stat',
          unit: 'short',
          queries: [{ expr: 'count(banyan_node_up == 0) or vector(0)', legend: 'nodes' }],
        },
        {
          title: 'Climb',
          description: 'How long the step of the climb that goes on has taken; 0 without one.',
          kind: 'stat',
          unit: 's',
          queries: [{ expr: 'max(banyan_climb_step_seconds)', legend: 'step' }],
        },
      ],
    },
    {
      title: 'Requests',
      panels: [
        {
          title: 'Requests by answer',
          description: 'By the class of the answer, as the entry counted them.',
          unit: 'reqps',
          queries: [
            {
              expr: `sum by (banyan_service, banyan_answer) (${rate(requests)})`,
              legend: '{{banyan_service}} {{banyan_answer}}',
            },
          ],
        },
        {
          title: 'Latency',
          description: 'Of the requests that web processes answered.',
          unit: 's',
          queries: [0.5, 0.95, 0.99].map((part) => ({
            expr: quantile(part, 'http_server_request_duration_seconds', ''),
            legend: `p${part * 100}`,
          })),
        },
        {
          title: 'Error budget',
          description:
            'How many times as fast as it may the budget (0.1% in 30 days) is being used up. From 14.4 on somebody is woken.',
          unit: 'short',
          queries: ['5m', '1h', '6h'].map((over) => ({
            expr: `${failedOf(over)} / ${sumOf(over)} / 0.001`,
            legend: over,
          })),
        },
        {
          title: 'Clients',
          description: 'Connections that are open.',
          unit: 'short',
          queries: [{ expr: 'sum(banyan_entry_connections)', legend: 'connections' }],
        },
      ],
    },
    {
      title: 'What changes',
      panels: [
        {
          title: 'Climbs',
          description: 'Climbs that ended, by outcome.',
          unit: 'short',
          queries: [
            {
              expr: 'sum by (direction, outcome) (increase(banyan_climbs_total[1h]))',
              legend: '{{direction}} {{outcome}}',
            },
          ],
        },
        {
          title: 'Pause of writes',
          description: 'The longest one of the last climb.',
          unit: 's',
          queries: [{ expr: 'max(banyan_write_pause_seconds)', legend: 'pause' }],
        },
        {
          title: 'Business',
          description: 'What the app declares in its config.',
          unit: 'short',
          queries: [{ expr: 'banyan_business_value', legend: '{{metric}}' }],
        },
      ],
    },
  ],
}
