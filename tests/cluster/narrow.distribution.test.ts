import { narrowSuite } from './narrow-suite.ts'

narrowSuite('the PostgreSQL of the distribution', 'distribution')
