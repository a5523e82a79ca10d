/** What {@link noteNodes} has written down: when each node was drawn first, in ms after the page was asked for. */
export type DrawnAt = { readonly drawnAt: Readonly<Record<string, number>> }

/** In the page, from its very begin: so that a first view is timed by the page, and not by who asks for it. */
export function noteNodes(): void {
  const drawnAt: Record<string, number> = {}
  Object.assign(globalThis, { drawnAt })
  new MutationObserver(() => {
    for (const node of document.querySelectorAll<HTMLElement>('[data-node]'))
      drawnAt[node.dataset.node ?? ''] ??= Math.round(performance.now())
  }).observe(document, { subtree: true, childList: true })
}
