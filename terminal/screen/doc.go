// Package screen shows on a terminal what a process shows, and takes keys and
// pointer there. Sounds are not heard.
package screen
