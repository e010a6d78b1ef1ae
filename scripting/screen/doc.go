// Package screen is what a process shows a person and what the person does
// there: a grid of cells, a picture, sounds, and keys and pointer. The process
// draws, then shows what it drew; those who watch get the rows that changed
// since what they have.
//
// A Screen may be used by several goroutines.
package screen
