import './theme/tokens.css'
import './theme/base.css'
import './theme/controls.css'
import './theme/shell.css'
import { effect } from '@preact/signals'
import { render } from 'preact'
import { App } from './app.tsx'
import { watchFailures } from './live/climbing.ts'
import { isLive, startLive } from './live/live.ts'
import { keepTheme } from './theme/theme.ts'
import { whenIdle } from './ui/later.tsx'
import { loadViews } from './views.ts'

keepTheme()
startLive()
watchFailures()
const place = document.getElementById('app')
if (place !== null) render(<App />, place)

// What is now is on the page first; then come the files of what may be looked at next.
const stop = effect(() => {
  if (!isLive.value) return
  whenIdle(loadViews)
  queueMicrotask(() => stop())
})
