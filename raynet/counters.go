package raynet

// Counters are totals since New. A refused message or record had no effect
// but its count.
type Counters struct {
	MsgsIn, MsgsOut   uint64
	BytesIn, BytesOut uint64

	Malformed    uint64 // message that does not parse
	BadSignature uint64 // record or route whose signature does not verify
	WrongKey     uint64 // first-hand record of another key than the sender's
	Stale        uint64 // record not newer than what is known, or entombed
	Conflict     uint64 // two records of one key and stamp: the signer cheats
	OutOfWorld   uint64 // record or target outside the world box
	BadAddr      uint64 // address that does not match its signed digest
	Unasked      uint64 // answer to no question
	TooMany      uint64 // refused because a bound was reached

	Throttled uint64 // message beyond its sender's credit
	TooFast   uint64 // jump of a peer too soon after the last
	Convicted uint64 // keys barred for what they signed
	Eclipses  uint64 // alarms

	Selections  uint64
	NearChanges uint64 // members that entered or left the near view
	Suspects    uint64
	Deaths      uint64
	Farewells   uint64
	Busy        uint64 // leases refused to others
	Signed      uint64
	Verified    uint64

	Finds, FindsFailed uint64
	RoutesIn           uint64 // routes taken over from others
	RoutesOut          uint64 // routes passed on
	RoutesDelivered    uint64
	RoutesLost         uint64
	RouteRetries       uint64 // next best hop taken after a time-out
}
