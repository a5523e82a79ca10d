import { type IconName, icons } from './icons.ts'

/** A drawing for the eye only: what it means stands beside it, or in the label of what it is in. */
export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.5"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {icons[name].map((path) => (
        <path key={path} d={path} />
      ))}
    </svg>
  )
}
