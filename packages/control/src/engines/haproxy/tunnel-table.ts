/** Where HAProxy counts the WebSockets of each slot; to it they are sessions like all others. */
export const tunnelTable = 'banyan:tunnels'

/** A slot stays in it for as long as it has some. */
export const tunnelSection = [
  `backend ${tunnelTable}`,
  '  stick-table type string len 64 size 10k store conn_cur',
]

export const tunnelLine = `http-response track-sc0 srv_name table ${tunnelTable} if { status 101 }`
