import type { FastifyInstance } from 'fastify'
import type { Context } from '../context.ts'
import { viewerOf } from '../http/auth.ts'
import { Fields } from '../http/fields.ts'
import { badCredentials, badToken, invalid } from '../http/problem.ts'
import { rules } from '../http/rules.ts'
import { createUser, findLogin, findUser, updateUser } from '../store/users.ts'
import { newId } from '../text/ids.ts'
import { userView } from '../views.ts'

const changeable = ['username', 'email', 'password', 'bio', 'image'] as const

export function userRoutes(app: FastifyInstance, context: Context): void {
  const { data, auth, passwords, tokens, record } = context
  const freshToken = async (id: string) => (await tokens()).sign(id)

  app.post('/api/users', async (request, reply) => {
    const { username, email, password } = readRegistration(request.body)
    const passwordHash = await passwords.hash(password)
    const user = await createUser(data, { id: newId(), username, email, passwordHash })
    record('user.registered', { subject: user.id })
    return reply.code(201).send(userView(user, await freshToken(user.id)))
  })

  app.post('/api/users/login', async (request) => {
    const { email, password } = readLogin(request.body)
    const user = await findLogin(data, email)
    const fits = await passwords.verify(password, user?.password_hash ?? null)
    if (user === null || !fits) throw badCredentials()
    return userView(user, await freshToken(user.id))
  })

  app.get('/api/user', auth.required, async (request) => {
    const user = await findUser(data, viewerOf(request))
    if (user === null) throw badToken()
    return userView(user, await freshToken(user.id))
  })

  app.put('/api/user', auth.required, async (request) => {
    const { password, ...changes } = readChanges(request.body)
    const passwordHash = password === undefined ? undefined : await passwords.hash(password)
    const user = await updateUser(data, viewerOf(request), { ...changes, passwordHash })
    if (user === null) throw badToken()
    return userView(user, await freshToken(user.id))
  })
}

function readRegistration(body: unknown) {
  const fields = new Fields(body, 'user')
  const registration = {
    username: fields.required('username', rules.username),
    email: fields.required('email', rules.email),
    password: fields.required('password', rules.password),
  }
  fields.check()
  return registration
}

/** No rule but "not blank" here: what is wrong for any other reason is simply not the password. */
function readLogin(body: unknown) {
  const fields = new Fields(body, 'user')
  const login = {
    email: fields.required('email', { max: rules.email.max }),
    password: fields.required('password', { max: rules.password.max }),
  }
  fields.check()
  return login
}

function readChanges(body: unknown) {
  const fields = new Fields(body, 'user')
  if (!fields.hasAny(...changeable)) {
    throw invalid({ user: [`must have at least one of ${changeable.join(', ')}`] })
  }
  const changes = {
    username: fields.optional('username', rules.username),
    email: fields.optional('email', rules.email),
    password: fields.optional('password', rules.password),
    bio: fields.nullable('bio', rules.bio),
    image: fields.nullable('image', rules.image),
  }
  fields.check()
  return changes
}
