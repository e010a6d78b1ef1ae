// Package world holds what makes a world without a company: the founding
// charter, the join link and the signed records by which region owners say
// where their sites are. It is pure: no clock, socket or file.
package world
