// Where HAProxy is known to keep a promise in another way than the gateway. docs/reference/haproxy.md tells
// users of each in these very words, and each test that asks for one asserts what happens instead. Not a test.

export const differences = {
  'cleans requests':
    'Some requests that the gateway refuses it reads, and writes anew so that a server can read them in one way only: line ends without CR, folded headers, a tab in the request line, a header that is there twice with the same value, a length beside `chunked` (the length is dropped, and the connection ends).',
  'cleans answers':
    'Some answers that the gateway takes for none it reads, and writes anew so that a client can read them in one way only: line ends without CR, folded headers, a length beside `chunked`.',
  'one code':
    'Whether a server went away or answered something that is not HTTP is one code, `BANYAN_GATEWAY_SERVER_LOST`, in most cases.',
  'passes announcements':
    'Heads of 1xx are passed on for as long as a server sends them; the gateway gives up after 32.',
  'asks again':
    'A request that may be sent again goes to the same server too where there is no other, up to three times.',
  'named by servers': 'Headers that a server names in `Connection` are passed on.',
  'ends HTTP/1.0':
    'To a client of HTTP/1.0, an answer that was cut ends like a whole one; the gateway resets the connection.',
  'finishes bodies':
    'After an answer that came early it sends the rest of the body all the same, and uses the connection again.',
  'late is late':
    'An answer that does not begin in time is a 504 also where another server could be asked.',
  'streams answers':
    'Answers go out as they come: one that its server breaks off is cut, however short it is.',
  'chooses once':
    'Requests wait for a server only where none is known to be healthy: one that had chosen its server just when the last one died gets 503 with `Retry-After: 1`.',
  'chunked bodies':
    'A body in chunks is not counted: the limit of the service holds. One with a length is refused beyond the limit.',
  'counts tunnels': 'Connections to one server are not limited.',
  'refuses at once': 'A client that goes on sending after it was refused may lose the refusal.',
  'tunnels are not told':
    'WebSockets are not told to go. While their server drains they live until it ends them itself, as `serve` does with 1001; when HAProxy stops they are cut at the drain timeout, which a client sees as 1006.',
  'checks handshakes': 'A handshake of a WebSocket without its key is refused with 400.',
  'reads no further':
    'Requests that are pipelined are left in the connection until their turn comes; the gateway reads them, up to a limit.',
  'goes on after handshakes':
    'An answer to a handshake that is no upgrade does not end the connection.',
  'waits after 101':
    'After a 101 that does not say to what it changes it waits for the answer, and says 504 when none has come in time.',
  'hangs up':
    "When a server dies under a request that may not be sent twice, and that request came over a connection of the server that had carried another before, the client's connection is closed without an answer. Whether it was done is not known, as after a 502.",
  'own words':
    'What it cannot parse at all it answers with 400 and a short HTML page in place of JSON; a transfer encoding that it does not know with 422.',
  'passes trailers': 'Trailers are passed on, as trailers.',
  'keeps versions':
    'A request in HTTP/1.0 goes to its server in HTTP/1.0, and an answer in HTTP/1.0 to the client as that: it ends with its connection.',
  'absolute hosts': 'A target that names another host than `Host` is refused with 400.',
} as const satisfies Readonly<Record<string, string>>

export type Difference = keyof typeof differences
