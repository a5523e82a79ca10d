// What data.of and data.by may be asked for, so that tsc finds the wrong ones.
import 'banyan'

declare module 'banyan' {
  interface Register {
    key: string
    lookups: {
      'people.email': string
    }
  }
}
