-- What wrk sends: one body over and over, or one with a number in it that goes through a range of users.
-- Arguments: path, body, number of users (0 for none), then header names and values in turn.
-- The first "%d" in the body is the user's number.

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
