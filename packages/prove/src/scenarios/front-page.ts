import { defineScenario, type Scenario } from '../scenario.ts'

/** The load of an app that says nothing of itself: GET on one path. It remembers nothing. */
export const frontPage = (path = '/'): Scenario =>
  defineScenario({
    name: `GET ${path}`,
    actions: [
      {
        name: `GET ${path}`,
        kind: 'read',
        weight: 1,
        run: (turn) => turn.request('GET', path),
      },
    ],
  })
