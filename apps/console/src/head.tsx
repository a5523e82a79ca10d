import { ConnectionChip } from './connection-chip.tsx'
import { live } from './live/live.ts'
import { titles } from './navigation.tsx'
import { route } from './router.ts'
import { theme, themeAfter } from './theme/theme.ts'
import { Icon } from './ui/icon.tsx'

const themeNames = { system: 'as the machine', light: 'light', dark: 'dark' } as const

/** What is looked at, how the system is in one sentence, and whether that is now. */
export function Head() {
  const status = live.status.value
  return (
    <header class="top">
      <div class="where">
        <h1>{titles[route.value.view]}</h1>
        <p class="said fresh" title={status?.sentence}>
          {status?.sentence}
        </p>
      </div>
      {live.system.value === '' ? null : (
        <span class="chip">
          {live.system.value}
          {status?.release ? ` · ${status.release}` : ''}
        </span>
      )}
      <ConnectionChip />
      <button
        type="button"
        class="button plain icon"
        aria-label={`Theme: ${themeNames[theme.value]}. Change it.`}
        title={`Theme: ${themeNames[theme.value]}`}
        onClick={() => {
          theme.value = themeAfter(theme.value)
        }}
      >
        <Icon name={theme.value} />
      </button>
    </header>
  )
}
