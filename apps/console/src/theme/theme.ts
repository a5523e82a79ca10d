import { effect, signal } from '@preact/signals'

/** What the reader wants: `system` goes with the setting of the machine. */
export type Theme = 'system' | 'light' | 'dark'

const key = 'banyan-theme'
const order: readonly Theme[] = ['system', 'light', 'dark']

/** The next one that the switch leads to. */
export const themeAfter = (theme: Theme): Theme =>
  order[(order.indexOf(theme) + 1) % order.length] ?? 'system'

const isTheme = (value: unknown): value is Theme => order.includes(value as Theme)

export const theme = signal<Theme>('system')

/** What is shown: whoever draws on a canvas reads its colours anew when it changes. */
export const shownTheme = signal<'light' | 'dark'>('light')

/** Keeps the page in the theme that is wanted, from now on. */
export function keepTheme(): void {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const systemDark = signal(dark.matches)
  dark.addEventListener('change', () => {
    systemDark.value = dark.matches
  })
  const kept = localStorage.getItem(key)
  if (isTheme(kept)) theme.value = kept
  effect(() => {
    const wanted = theme.value
    localStorage.setItem(key, wanted)
    const system = systemDark.value ? 'dark' : 'light'
    document.documentElement.dataset.theme = wanted === 'system' ? system : wanted
    shownTheme.value = wanted === 'system' ? system : wanted
  })
}
