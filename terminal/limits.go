package terminal

import "time"

const (
	maxSessions = 32  // people on one machine, with room; a session holds about 60 kB
	maxSub      = 64  // bytes kept of a telnet subnegotiation: the longest used is a terminal's name
	maxInput    = 480 // bytes of a line typed: a spoken line is at most 512
	maxHistory  = 16  // lines that the up key brings back
	maxLog      = 400 // lines kept of what happened
	maxLogLine  = 700 // bytes of one of them: a spoken line with its speaker
	maxEntities = 4096
	maxQueue    = 16 // commands typed ahead of a slow node
	maxName     = 40 // cells of a name on the screen
	maxSource   = 60 // lines shown of a script

	minWidth, minHeight         = 24, 8
	maxWidth, maxHeight         = 300, 120 // 36,000 cells of 8 bytes, twice
	defaultWidth, defaultHeight = 80, 24
)

const (
	watchRate    = 5                      // frames a second from the node: text needs no more
	redrawEvery  = 200 * time.Millisecond // of what changes by itself; keys are drawn at once
	negotiate    = 600 * time.Millisecond // how long a client may take to answer as telnet
	writeTimeout = 10 * time.Second       // a client that reads nothing for so long is gone
	retryEvery   = 3 * time.Second        // asking again for a world when there is none
	callTimeout  = 30 * time.Second       // one command
)

const (
	nearIn  = 12.0 // metres: closer than this somebody has come near
	nearOut = 18.0 // metres: farther than this somebody who was near has gone
	sight   = 40.0 // metres: how far look looks
	stride  = 8.0  // metres: how far `go north` goes
)
