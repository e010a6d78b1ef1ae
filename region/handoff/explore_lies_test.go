package handoff

// lies puts everything that a liar may say on the way to everybody.
func (x *explorer) lies(s *xstate) {
	liar := x.regions - 1
	var groups [][]Ref
	for e := range x.rounds {
		groups = append(groups, one(1, uint64(e+1)))
	}
	if x.objects > 1 {
		groups = append(groups, one(2, 1), []Ref{{oid(1), 1}, {oid(2), 1}})
	}
	for _, to := range x.lied {
		say := func(m Msg) {
			if m.Life, m.Of, m.First = 1, 1, 1; m.check() == nil {
				s.sent.add(x.message(liar, to, m))
			}
		}
		for _, items := range groups {
			for n := uint64(1); n <= uint64(x.rounds); n++ {
				for _, k := range []MsgKind{Offer, Release, Withdrawn} {
					for floor := uint64(1); floor <= uint64(x.rounds); floor++ {
						say(Msg{Kind: k, N: n, Floor: floor, Items: items, Parts: 1})
					}
				}
				for _, k := range []MsgKind{Prepared, Accepted, Ask, Claim} {
					say(Msg{Kind: k, N: n, Items: items})
				}
				say(Msg{Kind: Known, N: n, Items: items, Mask: 1})
				say(Msg{Kind: Refused, N: n, Items: items, Reason: Stale, Mask: 1})
				say(Msg{Kind: Refused, N: n, Items: items, Reason: NoRoom})
			}
		}
	}
}
