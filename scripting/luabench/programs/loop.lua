local sum = 0
for i = 1, 4000000 do
  if i % 3 == 0 then
    sum = sum + i
  else
    sum = sum - 2
  end
end
return sum
