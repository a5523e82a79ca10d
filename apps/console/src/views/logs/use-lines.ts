import type { LogLine } from '@banyan/store/api'
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { type ApiError, asApiError } from '../../api/ask.ts'
import { storeNow } from '../../store/clock.ts'
import { findLines } from '../../store/store.ts'
import { type Filters, queryOf } from './filters.ts'
import { type FollowState, follow } from './follow.ts'
import { mostShown, nothingShown, type Shown, withNewer, withOlder } from './shown.ts'

const pageSize = 200

export type Lines = {
  readonly shown: Shown
  readonly state: 'loading' | 'ready'
  readonly error: ApiError | null
  readonly isMore: boolean
  readonly following: FollowState | null
  /** Lines that came while the reader was not at the top. */
  readonly held: number
  readonly older: () => void
  readonly again: () => void
  readonly release: () => void
}

/**
 * The lines that fit: a page of them, older ones when they are asked for, and new ones as they come while `isTail`.
 * While `isHeld` new ones are kept back, so that what somebody reads does not run away.
 */
export const useLines = (filters: Filters, isTail: boolean, isHeld: boolean): Lines => {
  const key = JSON.stringify(filters)
  const [shown, setShown] = useState<Shown>(nothingShown)
  const [state, setState] = useState<'loading' | 'ready'>('loading')
  const [error, setError] = useState<ApiError | null>(null)
  const [isMore, setIsMore] = useState(false)
  const [round, setRound] = useState(0)
  const again = useCallback(() => setRound((n) => n + 1), [])

  // The key is the filters.
  useEffect(() => {
    const abort = new AbortController()
    let retry: ReturnType<typeof setTimeout> | undefined
    setState('loading')
    findLines({ ...queryOf(filters, storeNow()), limit: pageSize }, abort.signal).then(
      (page) => {
        if (abort.signal.aborted) return
        setShown(withOlder(nothingShown, page))
        setError(null)
        setState('ready')
      },
      (thrown) => {
        if (abort.signal.aborted) return
        const failed = asApiError(thrown)
        setError(failed)
        setShown(nothingShown)
        setState('ready')
        if (failed.status === 503 || failed.status === 0) retry = setTimeout(again, 2_000)
      },
    )
    return () => {
      abort.abort()
      clearTimeout(retry)
    }
  }, [key, round])

  const older = () => {
    if (shown.next === null || isMore) return
    setIsMore(true)
    const where =
      shown.next.kind === 'page' ? { before: shown.next.before } : { to: shown.next.at + 1 }
    findLines({ ...queryOf(filters, storeNow()), ...where, limit: pageSize })
      .then((page) => setShown((before) => withOlder(before, page)))
      .catch((thrown) => setError(asApiError(thrown)))
      .finally(() => setIsMore(false))
  }
  const tail = useTail({ key, filters, isTail, isHeld, setShown, again })
  return { shown, state, error, isMore, older, again, ...tail }
}

const useTail = ({
  key,
  filters,
  isTail,
  isHeld,
  setShown,
  again,
}: {
  readonly key: string
  readonly filters: Filters
  readonly isTail: boolean
  readonly isHeld: boolean
  readonly setShown: (change: (before: Shown) => Shown) => void
  readonly again: () => void
}) => {
  const [following, setFollowing] = useState<FollowState | null>(null)
  const [held, setHeld] = useState<readonly LogLine[]>([])
  const isHeldNow = useRef(isHeld)
  isHeldNow.current = isHeld
  // The key is the filters.
  useEffect(() => {
    setHeld([])
    if (!isTail) return setFollowing(null)
    let wasBroken = false
    return follow(queryOf({ ...filters, time: { kind: 'all' } }, storeNow()), {
      onLines: (lines) => {
        if (isHeldNow.current) setHeld((before) => [...before, ...lines].slice(-mostShown))
        else setShown((before) => withNewer(before, lines))
      },
      onState: (state) => {
        setFollowing(state)
        // What was written while nobody listened is asked for.
        if (state === 'following' && wasBroken) again()
        wasBroken = state === 'broken' || (wasBroken && state !== 'following')
      },
    })
  }, [key, isTail])
  const release = () => {
    setShown((before) => withNewer(before, held))
    setHeld([])
  }
  return { following, held: held.length, release }
}
