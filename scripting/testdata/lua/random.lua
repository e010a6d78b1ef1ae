-- Random numbers are the event's.
local a, b = math.random(1000000), math.random(1000000)
assert(a ~= b)
for i = 1, 100 do
  local v = math.random(5, 7)
  assert(v >= 5 and v <= 7)
  local f = math.random()
  assert(f >= 0 and f < 1)
end
math.randomseed(42)
local x = math.random(1 << 40)
math.randomseed(42)
assert(math.random(1 << 40) == x)
assert(not pcall(math.random, 2, 1) and math.random(0) ~= nil)
assert(math.floor(-1.5) == -2 and math.ceil(1.2) == 2 and math.abs(-3) == 3 and math.max(1, 5, 3) == 5)
assert(math.tointeger(3.0) == 3 and math.tointeger(3.5) == nil and math.ult(1, -1) and math.fmod(-5, 3) == -2)
assert(string.format("%.12f %.12f %.12f", math.sin(1), math.exp(1), math.log(10, 2)) == "0.841470984808 2.718281828459 3.321928094887")
assert(math.sqrt(2) ^ 2 ~= 2 and math.pi > 3.14)
return tostring({}):match("^table: 0x%x+$") and a .. " " .. b
