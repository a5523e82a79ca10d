import { hrefOf, type ViewName } from './route.ts'
import { route } from './router.ts'
import { Icon } from './ui/icon.tsx'
import type { IconName } from './ui/icons.ts'

export const titles: Readonly<Record<ViewName, string>> = {
  diagram: 'Diagram',
  ladder: 'Ladder',
  faults: 'Faults',
  charts: 'Charts',
  logs: 'Logs',
  traces: 'Traces',
  data: 'Data',
}

/** Views that come with a rung: until then their place leads to what the ladder says of it. */
const later: readonly { readonly name: string; readonly icon: IconName; readonly rung: string }[] =
  [
    { name: 'Cache', icon: 'cache', rung: 'cached' },
    { name: 'Shards', icon: 'data', rung: 'sharded' },
    { name: 'Queue', icon: 'queue', rung: 'queued' },
    { name: 'Regions', icon: 'diagram', rung: 'regions' },
  ]

/** Beside the page, or below it where that is narrow. */
export function Navigation() {
  const { view } = route.value
  return (
    <nav class="rail" aria-label="Views">
      <div class="brand">
        <Brand />
        Banyan
      </div>
      <ul>
        {(Object.keys(titles) as ViewName[]).map((name) => (
          <li key={name}>
            <a href={hrefOf(name)} aria-current={name === view ? 'page' : undefined}>
              <Icon name={name} />
              {titles[name]}
            </a>
          </li>
        ))}
      </ul>
      <div class="later">
        <h2>With further rungs</h2>
        <ul>
          {later.map(({ name, icon, rung }) => (
            <li key={name}>
              <a href={hrefOf('ladder', { rung })}>
                <Icon name={icon} />
                {name}
              </a>
            </li>
          ))}
        </ul>
      </div>
    </nav>
  )
}

/** A crown that lets down roots, each of which becomes a trunk. */
function Brand() {
  return (
    <svg
      width="20"
      height="20"
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linecap="round"
      aria-hidden="true"
    >
      <path d="M3 9a7 6 0 0 1 14 0z" fill="currentColor" />
      <path d="M10 9v9M5.5 9v6M14.5 9v7.5" />
    </svg>
  )
}
