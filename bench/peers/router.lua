#!lua name=peer_router
-- A router for contacts in Redis: what waits in a sorted set for each requirement, idle agents in one for each skill
-- profile, and the score of each set's first in a hash, so that a choice among many sets is one look into that hash.
-- Every function is atomic, since Redis runs them one after the other. Times are milliseconds.
--
--   contact:<n>       s state (w, o, a, u: wrap-up), r requirement, k rank, a agent, o offer
--   agent:<n>         p profile, r ready, i idle since, c contact
--   waiting:<r>       contacts by rank: strict priority, then order of arrival
--   idle:<p>          agents by idle time, then order of creation
--   heads:waiting:, heads:idle:    requirement or profile -> the first one's score
--   reach:waiting:<p>, reach:idle:<r>    which requirements a profile meets, which profiles meet a requirement
--   offers            the number of offers made
--   events            if EVENTS: what happened, for desktops and wallboards to follow
--   timers            what falls due when: offers that nobody takes, wrap-ups that nobody ends

-- There is no `redis.call` while a library is loaded; the first use finds it.
local call
call = function(...)
  call = redis.call
  return call(...)
end

local EVENTS = false
local EVENTS_KEPT = 100000
local OFFER_TIMEOUT_MS = 3600000
local WRAP_UP_MS = 3600000
local PRIORITY_STEP = 4294967296 -- contacts that may ever arrive
local AGENTS_MAX = 131072        -- idle time and ordinal share the 53 bits of a score

local function tell(what, at, contact, agent, id)
  if EVENTS then
    call('XADD', 'events', 'MAXLEN', '~', EVENTS_KEPT, '*', 'e', what, 't', at, 'c', contact, 'a', agent or '', 'o', id or '')
  end
end

-- Written by `meets` alone, which keeps this copy right; after a restart it fills again from the sets.
local reach = {['waiting:'] = {}, ['idle:'] = {}}

local function reached(kind, class)
  local found = reach[kind][class]
  if not found then
    found = call('SMEMBERS', 'reach:' .. kind .. class)
    reach[kind][class] = found
  end
  return found
end

-- The class within reach whose first has the lowest score.
local function best_class(kind, from)
  local classes = reached(kind, from)
  if #classes == 0 then return nil end
  local scores = call('HMGET', 'heads:' .. kind, unpack(classes))
  local best, class
  for n = 1, #classes do
    local score = scores[n] and tonumber(scores[n])
    if score and (not best or score < best) then
      best, class = score, classes[n]
    end
  end
  return class
end

local function refresh_head(kind, class)
  local head = call('ZRANGE', kind .. class, 0, 0, 'WITHSCORES')
  if head[2] then
    call('HSET', 'heads:' .. kind, class, head[2])
  else
    call('HDEL', 'heads:' .. kind, class)
  end
end

local function add(kind, class, score, member)
  call('ZADD', kind .. class, score, member)
  local head = call('HGET', 'heads:' .. kind, class)
  if not head or score < tonumber(head) then
    call('HSET', 'heads:' .. kind, class, score)
  end
end

local function remove(kind, class, member)
  call('ZREM', kind .. class, member)
  refresh_head(kind, class)
end

local function pop(kind, class)
  local member = call('ZPOPMIN', kind .. class)[1]
  refresh_head(kind, class)
  return member
end

local function idle_score(agent, idle_ms)
  return tonumber(idle_ms) * AGENTS_MAX + tonumber(agent)
end

local function offer(at, contact, agent)
  local id = call('INCR', 'offers')
  call('HSET', 'contact:' .. contact, 's', 'o', 'a', agent, 'o', id)
  call('ZADD', 'timers', at + OFFER_TIMEOUT_MS, contact)
  tell('offered', at, contact, agent, id)
  return {tonumber(contact), tonumber(agent), id}
end

-- A contact that waits takes the agent that has been idle longest, or is put in line.
local function place(at, contact, requirement, rank)
  local profile = best_class('idle:', requirement)
  if profile then
    local agent = pop('idle:', profile)
    call('HSET', 'agent:' .. agent, 'c', contact)
    return offer(at, contact, agent)
  end
  add('waiting:', requirement, tonumber(rank), contact)
  return {}
end

-- An agent with nothing to do takes the first contact in reach, or is put in line.
local function employ(at, agent, profile, idle_ms)
  local requirement = best_class('waiting:', profile)
  if requirement then
    local contact = pop('waiting:', requirement)
    call('HSET', 'agent:' .. agent, 'i', idle_ms, 'c', contact)
    return offer(at, contact, agent)
  end
  call('HSET', 'agent:' .. agent, 'i', idle_ms, 'c', '')
  add('idle:', profile, idle_score(agent, idle_ms), agent)
  return {}
end

local function freed(at, agent, idle_ms)
  local profile, ready, since = unpack(call('HMGET', 'agent:' .. agent, 'p', 'r', 'i'))
  if ready == '1' then return employ(at, agent, profile, idle_ms or since) end
  call('HSET', 'agent:' .. agent, 'i', idle_ms or since, 'c', '')
  return {}
end

redis.register_function('arrive', function(_, args)
  local at, contact, requirement, priority = unpack(args)
  if call('EXISTS', 'contact:' .. contact) == 1 then return redis.error_reply('CONTACT_EXISTS') end
  local rank = string.format('%.0f', tonumber(contact) - tonumber(priority) * PRIORITY_STEP)
  call('HSET', 'contact:' .. contact, 's', 'w', 'r', requirement, 'k', rank)
  tell('arrived', at, contact)
  return place(at, contact, requirement, rank)
end)

redis.register_function('accept', function(_, args)
  local at, contact, agent, id = unpack(args)
  local state, whose, live = unpack(call('HMGET', 'contact:' .. contact, 's', 'a', 'o'))
  if state ~= 'o' or whose ~= agent or live ~= id then return redis.error_reply('OFFER_NOT_LIVE') end
  call('HSET', 'contact:' .. contact, 's', 'a')
  tell('accepted', at, contact, agent, id)
  call('ZREM', 'timers', contact)
  return {}
end)

redis.register_function('cancel', function(_, args)
  local at, contact = unpack(args)
  local state, requirement, agent = unpack(call('HMGET', 'contact:' .. contact, 's', 'r', 'a'))
  if state ~= 'w' and state ~= 'o' then return redis.error_reply('CONTACT_NOT_WAITING') end
  call('DEL', 'contact:' .. contact)
  if state == 'w' then
    remove('waiting:', requirement, contact)
    tell('cancelled', at, contact)
    return {}
  end
  call('ZREM', 'timers', contact)
  tell('cancelled', at, contact, agent)
  return freed(at, agent)
end)

redis.register_function('complete', function(_, args)
  local at, contact = unpack(args)
  if call('HGET', 'contact:' .. contact, 's') ~= 'a' then return redis.error_reply('CONTACT_NOT_ACTIVE') end
  call('HSET', 'contact:' .. contact, 's', 'u')
  call('ZADD', 'timers', at + WRAP_UP_MS, contact)
  tell('completed', at, contact)
  return {}
end)

redis.register_function('finish', function(_, args)
  local at, contact, agent = unpack(args)
  local state, whose = unpack(call('HMGET', 'contact:' .. contact, 's', 'a'))
  if state ~= 'u' or whose ~= agent then return redis.error_reply('NOT_IN_WRAP_UP') end
  call('DEL', 'contact:' .. contact)
  call('ZREM', 'timers', contact)
  tell('closed', at, contact, agent)
  return freed(at, agent, at)
end)

redis.register_function('presence', function(_, args)
  local at, agent, ready = unpack(args)
  local profile, was, since, contact = unpack(call('HMGET', 'agent:' .. agent, 'p', 'r', 'i', 'c'))
  if not profile then return redis.error_reply('UNKNOWN_AGENT') end
  if ready == was then return {} end
  call('HSET', 'agent:' .. agent, 'r', ready)
  tell(ready == '1' and 'ready' or 'away', at, '', agent)
  if contact == '' then
    if ready == '1' then return employ(at, agent, profile, since) end
    remove('idle:', profile, agent)
    return {}
  end
  local state, requirement, rank = unpack(call('HMGET', 'contact:' .. contact, 's', 'r', 'k'))
  if ready == '1' or state ~= 'o' then return {} end
  -- What was ringing goes back to its place.
  call('ZREM', 'timers', contact)
  call('HSET', 'agent:' .. agent, 'c', '')
  call('HSET', 'contact:' .. contact, 's', 'w', 'a', '', 'o', '')
  return place(at, contact, requirement, rank)
end)

redis.register_function('reskill', function(_, args)
  local at, agent, profile = unpack(args)
  local was, ready, since, contact = unpack(call('HMGET', 'agent:' .. agent, 'p', 'r', 'i', 'c'))
  if not was then return redis.error_reply('UNKNOWN_AGENT') end
  call('HSET', 'agent:' .. agent, 'p', profile)
  tell('reskilled', at, '', agent)
  if ready ~= '1' or contact ~= '' then return {} end
  remove('idle:', was, agent)
  return employ(at, agent, profile, since)
end)

redis.register_function('meets', function(_, args)
  for n = 1, #args, 2 do
    call('SADD', 'reach:waiting:' .. args[n], args[n + 1])
    call('SADD', 'reach:idle:' .. args[n + 1], args[n])
  end
  reach = {['waiting:'] = {}, ['idle:'] = {}}
  return #args / 2
end)
