package shape

import "errors"

// What a geometry may be refused for, besides base.ErrTruncated and its kin;
// test with errors.Is.
var (
	ErrKind       = errors.New("unknown kind of geometry")
	ErrDegenerate = errors.New("too thin, or not a closed solid")
	ErrCount      = errors.New("too few or too many parts")
	ErrSides      = errors.New("a face has too many corners")
	ErrRange      = errors.New("coordinate is out of range")
	ErrCanonical  = errors.New("geometry is not in canonical form")
	ErrFrame      = errors.New("geometry is not centred on its centre of mass with principal axes")
)
