/**
 * What HAProxy's rules cannot say. Each function runs only for requests that are unusual: a service
 * without a server, a client that names headers in `Connection`, a proxy that is trusted.
 */
export const script = `
local every_ms = 20
local waiting = 0

core.register_action("wait_for_server", { "http-req", "tcp-req" }, function(txn)
  local service = txn:get_var("txn.service")
  local left = txn:get_var("txn.wait")
  if waiting >= txn:get_var("txn.waiting_max") then return end
  waiting = waiting + 1
  while left > 0 and txn.c:nbsrv(service) == 0 do
    core.msleep(every_ms)
    left = left - every_ms
  end
  waiting = waiting - 1
end, 0)

local kept = { close = true, upgrade = true, host = true, [""] = true,
  ["keep-alive"] = true, ["content-length"] = true, ["cache-control"] = true }

core.register_action("drop_named", { "http-req" }, function(txn)
  local headers = txn.http:req_get_headers()
  for _, value in pairs(headers["connection"] or {}) do
    for token in string.gmatch(string.lower(value), "[^,%s]+") do
      if not kept[token] then txn.http:req_del_header(token) end
    end
  end
end, 0)

local function join(values)
  local all = {}
  local last = -1
  for index, _ in pairs(values or {}) do if index > last then last = index end end
  for index = 0, last do if values[index] then all[#all + 1] = values[index] end end
  return table.concat(all, ", ")
end

core.register_action("join_forwarded", { "http-req" }, function(txn)
  local headers = txn.http:req_get_headers()
  txn:set_var("txn.x_for", join(headers["x-forwarded-for"]))
  txn:set_var("txn.x_forwarded", join(headers["forwarded"]))
end, 0)
`
