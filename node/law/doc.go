// Package law drives the roles of a region that this node serves, and follows
// those of regions that it does not.
//
// A Court is the driver of one region: it beats the region's clock, says once a
// day who is here, has the other servers sign certificates, keeps all entries in
// a Book, and answers players and servers (Answer). A Shelf keeps on disk what a
// client knows of regions: their charters, and chains of certificates that only
// ever go on. Verify judges such a chain without any node.
//
// The driver owes: the clock, the streams between nodes, and signatures.
package law
