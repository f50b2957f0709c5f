-- The requests of wrk: always the same body, or a body whose number runs through a range of users.
-- Arguments: path, body, number of users (0: none), then header names and values alternately.
-- The first "%d" in the body is replaced by the user's number.

local path, template, users
local headers = {}
local sent = 0

function init(args)
  path, template, users = args[1], args[2], tonumber(args[3])
  for place = 4, #args, 2 do
    headers[args[place]] = args[place + 1]
  end
  headers["Content-Type"] = "application/json"
end

function request()
  local body = template
  if users > 0 then
    body = string.gsub(template, "%%d", tostring(sent % users), 1)
    sent = sent + 1
  end
  return wrk.format("POST", path, headers, body)
end
