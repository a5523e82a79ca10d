import { type DashboardSpec, quantile, rate } from './panels.ts'

export const data: DashboardSpec = {
  name: 'banyan-data',
  title: 'Banyan: data',
  description: 'The database servers, and how the app sees them.',
  rows: [
    {
      title: 'As the app sees it',
      panels: [
        {
          title: 'Statements and transactions, p95',
          description: 'As the process that sent them saw it.',
          unit: 's',
          queries: [
            {
              expr: quantile(0.95, 'db_client_operation_duration_seconds', 'db_operation_name'),
              legend: '{{db_operation_name}}',
            },
          ],
        },
        {
          title: 'Operations',
          description: 'By server.',
          unit: 'ops',
          queries: [
            {
              expr: `sum by (server_address) (${rate('db_client_operation_duration_seconds_count')})`,
              legend: '{{server_address}}',
            },
          ],
        },
        {
          title: 'Connections of pools',
          description: 'By state, and how many there may be.',
          unit: 'short',
          queries: [
            {
              expr: 'sum by (db_client_connection_state) (db_client_connection_count)',
              legend: '{{db_client_connection_state}}',
            },
            { expr: 'sum(db_client_connection_max)', legend: 'at most' },
          ],
        },
        {
          title: 'Waiting for a connection',
          description: 'Anything but 0 for long: the pool is too small, or statements too slow.',
          unit: 'short',
          queries: [
            {
              expr: 'sum by (node) (db_client_connection_pending_requests)',
              legend: '{{node}}',
            },
          ],
        },
        {
          title: 'Wait for a connection, p99',
          description: 'Of those that had to wait, and of those that had not.',
          unit: 's',
          queries: [
            { expr: quantile(0.99, 'db_client_connection_wait_time_seconds', ''), legend: 'p99' },
          ],
        },
      ],
    },
    {
      title: 'Replication',
      panels: [
        {
          title: 'Lag',
          description: 'WAL that a replica has not replayed yet.',
          unit: 'bytes',
          queries: [
            { expr: 'max by (node, shard) (banyan_replication_lag_bytes)', legend: '{{node}}' },
          ],
        },
        {
          title: 'WAL that slots keep',
          description: 'What grows without end fills the disk.',
          unit: 'bytes',
          queries: [
            { expr: 'max by (node, slot) (banyan_slot_wal_bytes)', legend: '{{slot}} on {{node}}' },
          ],
        },
        {
          title: 'Promotions',
          description: 'Times that another member took the writes, in an hour.',
          unit: 'short',
          queries: [
            {
              expr: 'sum by (shard, reason) (increase(banyan_promotions_total[1h]))',
              legend: '{{shard}} {{reason}}',
            },
          ],
        },
        {
          title: 'The last promotion',
          description: 'From the moment that it was noticed.',
          unit: 's',
          queries: [
            {
              expr: 'max by (shard, phase) (banyan_promotion_seconds)',
              legend: '{{shard}} {{phase}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Servers',
      panels: [
        {
          title: 'Transactions',
          description: 'Committed and rolled back.',
          unit: 'ops',
          queries: [
            { expr: rate('postgresql_commits_total'), legend: '{{node}} commits' },
            { expr: rate('postgresql_rollbacks_total'), legend: '{{node}} rollbacks' },
            { expr: rate('postgresql_deadlocks_total'), legend: '{{node}} deadlocks' },
          ],
        },
        {
          title: 'Connections',
          description: 'By state, and how many the server lets in.',
          unit: 'short',
          queries: [
            {
              expr: 'sum by (node, state) (postgresql_backends)',
              legend: '{{node}} {{state}}',
            },
            { expr: 'max by (node) (postgresql_connection_max)', legend: '{{node}} at most' },
          ],
        },
        {
          title: 'Blocks that came from the cache',
          description: 'Below 0.95 the memory of the server is too small for what is asked of it.',
          unit: 'percentunit',
          max: 1,
          queries: [
            {
              expr: `sum by (node) (${rate('postgresql_blocks_read_total', '{source="cache"}')}) / sum by (node) (${rate('postgresql_blocks_read_total')})`,
              legend: '{{node}}',
            },
          ],
        },
        {
          title: 'WAL written',
          description: 'How much there is to replicate.',
          unit: 'Bps',
          queries: [{ expr: rate('postgresql_wal_written_bytes_total'), legend: '{{node}}' }],
        },
        {
          title: 'Size',
          description: 'Of the database of the system.',
          unit: 'bytes',
          queries: [{ expr: 'max by (node) (postgresql_db_size_bytes)', legend: '{{node}}' }],
        },
      ],
    },
  ],
}
