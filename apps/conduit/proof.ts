import { defineScenario } from '@banyan/prove'
import { setUpWorld, tidyUpWorld } from './proof/life.ts'
import {
  readFavorites,
  readFeed,
  readFrontPage,
  readOneAuthor,
  readOneTag,
} from './proof/listings.ts'
import { readArticle, readComments, readProfile } from './proof/looking.ts'
import { register } from './proof/people.ts'
import { comment, favorite, follow } from './proof/social.ts'
import { edit, editProfile, publish, withdraw } from './proof/writing.ts'

/**
 * Conduit as its visitors use it: 60 of 100 look at listings and feeds, 30 read an article and what
 * belongs to it, 10 write. Whatever was acknowledged is remembered, and held against every answer that
 * should show it, during the run and after it.
 */
export default defineScenario({
  name: 'conduit',
  setUp: setUpWorld,
  webSocket: '/api/articles/live',
  actions: [
    { name: 'front page', kind: 'read', weight: 18, run: readFrontPage },
    { name: 'feed', kind: 'read', weight: 12, run: readFeed },
    { name: "an author's articles", kind: 'read', weight: 14, run: readOneAuthor },
    { name: 'articles of a tag', kind: 'read', weight: 6, run: readOneTag },
    { name: "someone's favourites", kind: 'read', weight: 10, run: readFavorites },
    { name: 'read an article', kind: 'read', weight: 22, run: readArticle },
    { name: 'read its comments', kind: 'read', weight: 4, run: readComments },
    { name: 'read a profile', kind: 'read', weight: 4, run: readProfile },
    { name: 'register', kind: 'write', weight: 1, run: register },
    { name: 'publish', kind: 'write', weight: 1.5, run: publish },
    { name: 'edit an article', kind: 'write', weight: 1.5, run: edit },
    { name: 'edit a profile', kind: 'write', weight: 0.5, run: editProfile },
    { name: 'favourite', kind: 'write', weight: 1.5, run: favorite },
    { name: 'comment', kind: 'write', weight: 1.5, run: comment },
    { name: 'follow', kind: 'write', weight: 1, run: follow },
    { name: 'delete an article', kind: 'write', weight: 1.5, run: withdraw },
  ],
  tidyUp: tidyUpWorld,
})
