import './field-list.css'

/** Names and values, of whatever shape. */
export function FieldList({ fields }: { readonly fields: Readonly<Record<string, unknown>> }) {
  return (
    <dl class="field-list">
      {Object.entries(fields).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{sayValue(value)}</dd>
        </div>
      ))}
    </dl>
  )
}

/** Text as it is, everything else as JSON. */
export const sayValue = (value: unknown): string => {
  if (typeof value === 'string') return value
  return typeof value === 'object' && value !== null
    ? JSON.stringify(value, null, 2)
    : String(value)
}
