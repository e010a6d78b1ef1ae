package agree

import "errors"

// Why a vote or a proof counts nothing; test with errors.Is. A certificate's
// errors are those of package succession.
var (
	ErrForm      = errors.New("not of this form")
	ErrOther     = errors.New("of another region or epoch")
	ErrServer    = errors.New("not a server of the region")
	ErrSignature = errors.New("signature does not match")
	ErrWindow    = errors.New("too old or too far ahead")
	ErrProof     = errors.New("proves nothing")
	ErrOrder     = errors.New("not the next tick")
	ErrSnapshot  = errors.New("bad agreement snapshot")
)
