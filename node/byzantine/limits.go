package byzantine

import "time"

const (
	// MinServers and MaxServers bound the servers: 4 bear one liar, 7 bear two.
	MinServers = 4
	MaxServers = 7

	// maxRecord bounds a record: a change of the leader carries two for each
	// server.
	maxRecord = 512 << 10
	// maxMeta bounds what the library adds to a proposal.
	maxMeta = 256
	// maxAux bounds what the library adds to a signature.
	maxAux = 128
	// maxMessage bounds a message: seven servers' two records and certificates.
	maxMessage = 2*MaxServers*(maxRecord+8<<10) + 64<<10

	// maxMine bounds the entries of one server that are in no record yet, those
	// that wait here and those that a server holds for another.
	maxMine      = 8192
	maxMineBytes = 8 << 20
	// forwardBytes is what one message to the leader carries.
	forwardBytes = 256 << 10
	maxForward   = 2048
	// resendTicks without progress, and entries are sent to the leader again.
	resendTicks = 8

	// answerBytes and answerCount bound one answer with decisions.
	answerBytes = 1 << 20
	answerCount = 1024
	// keepTicks is what Compact leaves for servers that are a little behind.
	keepTicks = 256
	// maxReady is how many records may wait for Ready before no more are fetched.
	maxReady = 4096

	// beat is the library's clock.
	beat = 10 * time.Millisecond
	// maxChange bounds the waiting for the next leader's word, if four timeouts
	// are less.
	maxChange = 8 * time.Second
	// groupEvery is how long writes without a barrier may stay off the disk.
	groupEvery = 100 * time.Millisecond
	// fetchWait bounds waiting for one round of answers of the others.
	fetchWait = 300 * time.Millisecond
	// stopWait bounds waiting for the library to stop.
	stopWait = 10 * time.Second
	// burst is how many ticks a leader may make up for at once, see Config.Pace.
	burst = 40

	defaultTimeout = 250 * time.Millisecond
)
