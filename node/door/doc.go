// Package door speaks the access protocol of a region
// (docs/protocol/access.md, section 5) over streams that its caller hands it:
// showing the region's password by OPAQUE without telling it, setting it,
// handing in signed commands, and asking who may do what.
//
// A server decides only whether a password was right. Everything else is
// decided by region/access in the log, the number of tries included: each is
// logged before it is answered.
package door
