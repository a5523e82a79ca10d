// A second service with a route, which a later release brings along.
import { serve } from 'banyan'

await serve(() => new Response('admin'))
