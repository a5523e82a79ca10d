import { go } from '../../router.ts'

/** Opens a node's sheet, as a place that can be gone back from; null closes it. */
export const openNode = (name: string | null): void => go('diagram', { node: name })
