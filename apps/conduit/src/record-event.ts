/** Records what happened, as `record` of banyan/telemetry does. */
export type RecordEvent = (
  event: 'user.active' | 'user.registered' | 'article.published',
  options: { readonly subject: string },
) => void
