/** Everything that Alertmanager is told. */
export type AlertmanagerSettings = {
  /** Where alerts are sent as well; null: they are kept, and shown. */
  readonly webhook: string | null
  /** What is sent along; a secret, which Alertmanager reads from a file of its own. */
  readonly token: string | null
}

export const configurationName = 'alertmanager.yml'
export const tokenName = 'webhook.token'

/** Its configuration file. JSON is YAML, so that Alertmanager reads it. */
export function configurationOf({ webhook, token }: AlertmanagerSettings): unknown {
  return {
    route: {
      receiver: 'system',
      group_by: ['alertname'],
      // What fails together is said together.
      group_wait: '5s',
      group_interval: '1m',
      repeat_interval: '4h',
    },
    receivers: [
      {
        name: 'system',
        ...(webhook !== null && {
          webhook_configs: [
            {
              url: webhook,
              send_resolved: true,
              max_alerts: 100,
              ...(token !== null && {
                http_config: { authorization: { type: 'Bearer', credentials_file: tokenName } },
              }),
            },
          ],
        }),
      },
    ],
    inhibit_rules: [
      // A node that is dead cannot be read: that is one thing, and the alert of the node says it.
      {
        source_matchers: ['alertname="BanyanNodeFailed"'],
        target_matchers: ['alertname="BanyanTargetMissing"'],
        equal: ['node'],
      },
      // Whoever is woken need not read the ticket of the same errors.
      {
        source_matchers: ['alertname="BanyanErrorBudgetBurnsFast"'],
        target_matchers: ['alertname=~"BanyanErrorBudgetBurns(Slowly)?"'],
        equal: ['banyan_service'],
      },
    ],
  }
}

/** What it is started with: it is alone, and looks for no others. */
export function alertmanagerWords(place: string, data: string): string[] {
  return [
    `--config.file=${configurationName}`,
    `--storage.path=${data}`,
    `--web.listen-address=${place}`,
    '--cluster.listen-address=',
    '--log.level=warn',
  ]
}
