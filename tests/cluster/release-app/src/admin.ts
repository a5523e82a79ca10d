// A second service with a route, which a later release brings along.
import { serve } from 'banyan'

await serve((_request: Request) => new Response('admin'))
