// Package spdx reads licence expressions (SPDX 2.3, annex D) and tells which of
// them are free. It is pure and part of the sim of a region: the same text has
// the same answer on every node. So the table of free licences may not change
// under a rule that regions live by; a longer table needs a rule of its own.
package spdx
