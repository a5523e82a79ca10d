import type { FastifyInstance } from 'fastify'
import type { Context } from '../context.ts'
import { viewerOf } from '../http/auth.ts'
import { notFound } from '../http/problem.ts'
import { findProfile, follow, followedAmong, type ProfileRow, unfollow } from '../store/profiles.ts'
import { profileView } from '../views.ts'

type Named = { Params: { username: string } }

export function profileRoutes(app: FastifyInstance, { data, auth }: Context): void {
  const find = async (username: string): Promise<ProfileRow> => {
    const profile = await findProfile(data, username)
    if (profile === null) throw notFound('profile')
    return profile
  }

  app.get<Named>('/api/profiles/:username', auth.optional, async (request) => {
    const profile = await find(request.params.username)
    const followed = await followedAmong(data, request.viewer, [profile.id])
    return { profile: profileView(profile, followed.has(profile.id)) }
  })

  app.post<Named>('/api/profiles/:username/follow', auth.required, async (request) => {
    const profile = await find(request.params.username)
    await follow(data, viewerOf(request), profile.id)
    return { profile: profileView(profile, true) }
  })

  app.delete<Named>('/api/profiles/:username/follow', auth.required, async (request) => {
    const profile = await find(request.params.username)
    await unfollow(data, viewerOf(request), profile.id)
    return { profile: profileView(profile, false) }
  })
}
