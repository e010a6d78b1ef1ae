local Account = {}
Account.__index = Account

function Account.new(owner)
  return setmetatable({owner = owner, balance = 0, log = 0}, Account)
end

function Account:deposit(n)
  self.balance = self.balance + n
  self.log = self.log + 1
  return self
end

function Account:spend(n)
  if n <= self.balance then
    self.balance = self.balance - n
  end
  return self.balance
end

local left = 0
local a = Account.new("Ada")
for i = 1, 300000 do
  if i % 1000 == 0 then
    a = Account.new("Bo")
  end
  left = left + a:deposit(i % 17):spend(i % 11)
end
return left
