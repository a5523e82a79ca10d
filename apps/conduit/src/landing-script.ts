import { createHash } from 'node:crypto'

/**
 * What the landing page runs: it says which article is the newest as soon as it is published, and
 * listens again when the web server that told it goes away.
 */
export const landingScript = `
  const line = document.getElementById('live')
  const show = ({ title, author, slug }) => {
    const link = document.createElement('a')
    link.href = '/api/articles/' + encodeURIComponent(slug)
    link.textContent = title
    line.replaceChildren('New article: ', link, ' by ' + author)
  }
  const listen = () => {
    const url = new URL('/api/articles/live', location.href)
    url.protocol = url.protocol.replace('http', 'ws')
    const socket = new WebSocket(url)
    socket.onopen = () => { if (!line.hasChildNodes()) line.textContent = 'Listening for new articles.' }
    socket.onmessage = ({ data }) => show(JSON.parse(data))
    socket.onclose = () => setTimeout(listen, 1000 + Math.random() * 2000)
  }
  listen()
`

const hash = createHash('sha256').update(landingScript).digest('base64')

/** The page's own style and script, and nothing from anywhere else. */
export const landingPolicy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; connect-src 'self'`
