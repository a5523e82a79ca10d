// A worker that a later release brings along.
setInterval(() => console.log('tick'), 1_000)
