import { narrowSuite } from './narrow-suite.ts'

narrowSuite('the embedded PostgreSQL', 'embedded')
