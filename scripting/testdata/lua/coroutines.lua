-- Coroutines: values in and out, errors, wrap, close, pcall across yields.
local co = coroutine.create(function(a, b)
  local c = coroutine.yield(a + b)
  local d, e = coroutine.yield(c * 2)
  return d + e
end)
local function both(...) return select(2, ...) end
assert(both(coroutine.resume(co, 1, 2)) == 3 and both(coroutine.resume(co, 10)) == 20)
assert(both(coroutine.resume(co, 3, 4)) == 7 and coroutine.status(co) == "dead")
local ok, e = coroutine.resume(co)
assert(not ok and e == "cannot resume dead coroutine")

local function range(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i) end end) end
local sum = 0
for i in range(200) do sum = sum + i end
assert(sum == 20100)

co = coroutine.create(function() error("inside") end)
ok, e = coroutine.resume(co)
assert(not ok and e == "coroutines.lua:18: inside", e)
-- A yield goes through pcall, metamethods and iterators.
co = coroutine.wrap(function()
  local ok, e = pcall(function() coroutine.yield(1); error("later", 0) end)
  coroutine.yield(e)
  local t = setmetatable({}, {__index = function(_, k) return coroutine.yield(k) end})
  return t.field
end)
assert(co() == 1 and co() == "later" and co() == "field" and co("value") == "value")
assert(coroutine.isyieldable() == false and select(2, coroutine.running()) == true)
ok, e = pcall(coroutine.yield)
assert(not ok and e:find("outside a coroutine"))
local closed = false
co = coroutine.create(function()
  local x <close> = setmetatable({}, {__close = function() closed = true end})
  coroutine.yield()
end)
coroutine.resume(co)
assert(coroutine.close(co) and closed)
-- Coroutines within coroutines, as deep as it goes.
local function nest(n)
  local ok, e = coroutine.resume(coroutine.create(nest), n + 1)
  return ok and e or n
end
local depth = nest(1)
assert(depth > 50 and depth < 200, depth)
ok, e = pcall(table.sort, {3, 2, 1}, coroutine.wrap(function() coroutine.yield(true) error("stop", 0) end))
assert(not ok)
