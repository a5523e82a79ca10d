import { apiSuite } from '../../apps/conduit/src/testing/api-suite.ts'
import { startOnBanyan, startOnBare } from './conduit-system.ts'

apiSuite('Conduit on Banyan', startOnBanyan)

// What no query may rest upon shows here: that rows of different users lie beside each other.
apiSuite('Conduit on two databases that stand for shards', () => startOnBare(2), {
  uniqueEverywhere: false,
})
