local list, names = {}, {}
for i = 1, 200000 do
  list[i] = (i * 7919) % 100003
end
for i = 1, 50000 do
  names["k" .. i % 1000] = list[i]
end
local sum = 0
for i, v in ipairs(list) do
  sum = sum + v * (i % 8)
end
for i = 0, 999 do
  sum = sum + names["k" .. i]
end
return sum
