import { type DashboardSpec, quantile, rate } from './panels.ts'

const served = 'http_server_request_duration_seconds'

export const web: DashboardSpec = {
  name: 'banyan-web',
  title: 'Banyan: entry and web',
  description: 'What the entry sends to whom, and what the web processes do with it.',
  rows: [
    {
      title: 'Entry',
      panels: [
        {
          title: 'Wait for the nodes, p95',
          description: 'How long the entry waited for an answer, by node.',
          unit: 's',
          queries: [
            {
              expr: quantile(0.95, 'http_client_request_duration_seconds', 'server_address'),
              legend: '{{server_address}}',
            },
          ],
        },
        {
          title: 'Requests by node',
          description: 'An uneven share is as a rule one of connections that stay open.',
          unit: 'reqps',
          queries: [
            {
              expr: `sum by (server_address) (${rate('http_client_request_duration_seconds_count')})`,
              legend: '{{server_address}}',
            },
            {
              expr: `sum by (server) (${rate('banyan_balancer_server_requests_total')})`,
              legend: '{{server}} (HAProxy)',
            },
          ],
        },
      ],
    },
    {
      title: 'Web',
      panels: [
        {
          title: 'Requests by route',
          description: 'The ten that are asked for most.',
          unit: 'reqps',
          queries: [
            {
              expr: `topk(10, sum by (http_route) (${rate(`${served}_count`)}))`,
              legend: '{{http_route}}',
            },
          ],
        },
        {
          title: 'Slowest routes, p95',
          description: 'The ten slowest.',
          unit: 's',
          queries: [
            {
              expr: `topk(10, ${quantile(0.95, served, 'http_route')})`,
              legend: '{{http_route}}',
            },
          ],
        },
        {
          title: 'Errors by route',
          description: 'Answers of 5xx.',
          unit: 'reqps',
          queries: [
            {
              expr: `sum by (http_route) (${rate(`${served}_count`, '{http_response_status_code=~"5.."}')})`,
              legend: '{{http_route}}',
            },
          ],
        },
        {
          title: 'Requests under way',
          description: 'More than before at the same rate: something that they wait for is slower.',
          unit: 'short',
          queries: [{ expr: 'sum by (node) (http_server_active_requests)', legend: '{{node}}' }],
        },
        {
          title: 'Event loop',
          description: 'The part of the time in which it is busy. Near 1 everything waits for it.',
          unit: 'percentunit',
          max: 1,
          queries: [
            { expr: 'max by (node) (nodejs_eventloop_utilization_ratio)', legend: '{{node}}' },
          ],
        },
        {
          title: 'Event loop delay, p99',
          description: 'Long ones are calls that do not return.',
          unit: 's',
          queries: [
            { expr: 'max by (node) (nodejs_eventloop_delay_p99_seconds)', legend: '{{node}}' },
          ],
        },
        {
          title: 'Heap',
          description: 'One that only ever grows is a leak.',
          unit: 'bytes',
          queries: [{ expr: 'max by (node) (v8js_memory_heap_used_bytes)', legend: '{{node}}' }],
        },
        {
          title: 'Reads by who answered',
          description: 'By what was asked for and by who answered.',
          unit: 'ops',
          queries: [
            {
              expr: `sum by (banyan_consistency, banyan_answered_by) (${rate('banyan_reads_total')})`,
              legend: '{{banyan_consistency}} by {{banyan_answered_by}}',
            },
          ],
        },
      ],
    },
  ],
}
