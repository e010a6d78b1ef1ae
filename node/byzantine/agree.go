package byzantine

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"runtime"
	"strconv"

	"github.com/hyperledger-labs/SmartBFT/pkg/consensus"
	"github.com/hyperledger-labs/SmartBFT/pkg/types"
	"github.com/hyperledger-labs/SmartBFT/smartbftprotos"
	"google.golang.org/protobuf/proto"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
)

// agreement is a Log as the library wants it: the application, who assembles
// and verifies proposals, who signs, the network and the write-ahead log. What
// the library orders are wishes for ticks; the entries come from the queues of
// the Log.
type agreement struct{ *Log }

// make prepares the library. saved are its votes on disk.
func (l *Log) make(saved [][]byte) {
	a := agreement{l}
	l.saved = saved
	l.cons = &consensus.Consensus{
		Config: l.settings(), Application: a, Assembler: a, WAL: a, Comm: a, Signer: a, Verifier: a,
		RequestInspector: a, Synchronizer: a, Logger: a, Scheduler: l.beats, ViewChangerTicker: l.turns,
	}
}

// settings are those of the library, all of which follow from one time.
func (l *Log) settings() types.Configuration {
	t := l.cfg.Timeout
	return types.Configuration{
		SelfID: l.self,
		// One wish is enough for a proposal.
		RequestBatchMaxCount: 1, RequestBatchMaxBytes: 1 << 10, RequestBatchMaxInterval: 50 * beat, RequestMaxBytes: 1 << 10,
		IncomingMessageBufferSize: 1024, RequestPoolSize: 64, RequestPoolSubmitTimeout: t,
		// A leader that speaks and makes no tick is complained of after both.
		RequestForwardTimeout: t, RequestComplainTimeout: 3 * t, RequestAutoRemoveTimeout: 1 << 50,
		ViewChangeResendInterval: min(t, defaultTimeout), ViewChangeTimeout: 4 * t,
		LeaderHeartbeatTimeout: t, LeaderHeartbeatCount: 5, NumOfTicksBehindBeforeSyncing: 20,
		CollectTimeout: l.patience(),
	}
}

// start fetches what this server missed, and begins.
func (l *Log) start() {
	if len(l.held) > 0 || l.tick > l.origin {
		l.fetch()
	}
	l.mu.Lock()
	c := l.cons
	c.Metadata, c.LastProposal, c.LastSignatures = &smartbftprotos.ViewMetadata{}, l.latest.Proposal, l.latest.Signatures
	if len(l.latest.Proposal.Metadata) > 0 {
		if m, err := meta(l.latest.Proposal.Metadata); err == nil {
			c.Metadata = m
		}
	}
	var err error
	l.kept, err = sortOut(l.saved, uint64(l.tick-l.origin))
	l.saved, c.WALInitialContent = nil, l.kept.entries
	l.course.lib = l.tick
	l.course.view = max(c.Metadata.ViewId, l.kept.begun)
	l.course.left = l.kept.left
	if l.kept.resume != nil {
		c.Metadata = l.kept.resume
	}
	closed := l.closed
	l.mu.Unlock()
	if closed {
		return
	}
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		l.mu.Lock()
		l.fail(fmt.Errorf("byzantine: %w: %w", ErrLibrary, err))
		l.mu.Unlock()
		return
	}
	l.steps = stepsOf(c)
	l.started.Store(true)
	l.pull()
	l.poke()
}

// wish is the library's request for a tick.
func wish(t base.Tick) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(t)) }

// RequestID names a wish.
func (a agreement) RequestID(req []byte) types.RequestInfo {
	if len(req) != 8 {
		return types.RequestInfo{ClientID: "none", ID: hex.EncodeToString(req[:min(len(req), 8)])}
	}
	return types.RequestInfo{ClientID: "tick", ID: strconv.FormatUint(binary.LittleEndian.Uint64(req), 10)}
}

// VerifyRequest is for wishes of other servers; there are none.
func (a agreement) VerifyRequest(req []byte) (types.RequestInfo, error) { return a.RequestID(req), nil }

// AssembleProposal makes the record of the next tick.
func (a agreement) AssembleProposal(metadata []byte, _ [][]byte) types.Proposal {
	a.mu.Lock()
	defer a.mu.Unlock()
	if m, err := meta(metadata); err == nil && a.kept.last.view == m.ViewId && a.kept.last.seq == m.LatestSequence {
		return a.kept.last.proposal // it begins the view once more
	}
	rec := a.assemble()
	a.made = rec.AppendTo(nil)
	return types.Proposal{Payload: a.made, Metadata: metadata}
}

// VerifyProposal checks a proposal before this server signs anything about it.
func (a agreement) VerifyProposal(p types.Proposal) ([]types.RequestInfo, error) {
	if err := a.verify(&p); err != nil {
		a.cfg.OnEvent(EventBad, 1)
		a.log.Info("proposal refused", "region", a.cfg.Region, "leader", a.Leader(), "err", err)
		return nil, err
	}
	return a.RequestsFromProposal(p), nil
}

func (l *Log) verify(p *types.Proposal) error {
	if len(p.Payload) > maxRecord || len(p.Header) > 0 || p.VerificationSequence != 0 {
		return fmt.Errorf("byzantine: %w: a proposal of %d bytes", ErrProof, len(p.Payload))
	}
	rec, err := order.Parse(p.Payload)
	if err != nil {
		return err
	}
	m, err := meta(p.Metadata)
	if err != nil {
		return err
	}
	l.mu.Lock()
	own := bytes.Equal(l.made, p.Payload)
	switch {
	case rec.Epoch != l.epoch:
		err = order.ErrEpoch
	case rec.At != 0 || rec.State != [32]byte{}:
		err = fmt.Errorf("byzantine: %w: it names a state", ErrProof)
	case base.Tick(m.LatestSequence)+l.origin != rec.Tick:
		err = fmt.Errorf("byzantine: %w: decision %d for tick %d", ErrProof, m.LatestSequence, rec.Tick)
	case !own && !l.bucket.take(l.cfg.Pace):
		err = fmt.Errorf("byzantine: %w: tick %d comes too early", ErrProof, rec.Tick)
	default:
		if err = rec.Follows(l.tick, l.sum); err == nil {
			_, err = count(l.counters, &rec)
		}
		if err == nil {
			err = l.mayVote(p, m)
		}
	}
	if err == nil {
		l.urgent = rec.Sync
	}
	l.mu.Unlock()
	if err != nil || own || l.cfg.Verify == nil {
		return err
	}
	for i, e := range rec.Entries {
		if err := l.cfg.Verify(e); err != nil {
			return fmt.Errorf("byzantine: entry %d: %w", i, err)
		}
	}
	return nil
}

// RequestsFromProposal gives the wish that a record fulfils.
func (a agreement) RequestsFromProposal(p types.Proposal) []types.RequestInfo {
	rec, err := order.Parse(p.Payload)
	if err != nil {
		return nil
	}
	return []types.RequestInfo{a.RequestID(wish(rec.Tick))}
}

// VerifyConsenterSig checks a server's signature under a proposal.
func (a agreement) VerifyConsenterSig(s types.Signature, p types.Proposal) ([]byte, error) {
	digest, err := hex.DecodeString(p.Digest())
	if err != nil {
		return nil, err
	}
	return a.checkSeal(&s, digest)
}

// VerifySignature checks a server's signature under a message about leaders.
func (a agreement) VerifySignature(s types.Signature) error {
	if s.ID == 0 || s.ID > uint64(len(a.members)) {
		return fmt.Errorf("byzantine: %w: server %d", ErrProof, s.ID)
	}
	key := a.members[s.ID-1]
	if !ed25519.Verify(key[:], a.domain(signView, s.Msg), s.Value) {
		return fmt.Errorf("byzantine: %w: signature of server %d", ErrProof, s.ID)
	}
	return nil
}

// VerificationSequence counts changes of the servers; there are none. The
// library asks for it when it begins, once its parts are made and before they
// run.
func (a agreement) VerificationSequence() uint64 {
	if !a.started.Load() {
		a.recall()
	}
	return 0
}

// AuxiliaryData is what the library put into a signature.
func (a agreement) AuxiliaryData(msg []byte) []byte {
	_, aux, _ := parseSeal(msg)
	return aux
}

// Sign signs a message about leaders.
func (a agreement) Sign(msg []byte) []byte { return a.cfg.Sign(a.domain(signView, msg)) }

// SignProposal signs a decision. The library adds nothing where the decision was
// in flight when the leader changed.
func (a agreement) SignProposal(p types.Proposal, aux []byte) *types.Signature {
	if aux == nil && a.started.Load() {
		if err := a.adopt(&p); err != nil {
			a.Panicf("keep what is in flight: %v", err)
		}
	}
	msg := seal(&p, aux)
	if aux != nil {
		a.mayCommit(&p)
	}
	return &types.Signature{ID: a.self, Msg: msg, Value: a.cfg.Sign(a.domain(signDecision, msg))}
}

// Append keeps a vote before the library sends it.
func (a agreement) Append(b []byte, void bool) error {
	var m smartbftprotos.SavedMessage
	if err := proto.Unmarshal(b, &m); err != nil {
		return fmt.Errorf("byzantine: keep a vote: %w", err)
	}
	// What is about a view and what is about leaving it come from two goroutines: a
	// proposal that was let through before a change and written after it would void
	// it on disk.
	a.keeping.Lock()
	defer a.keeping.Unlock()
	switch {
	case m.GetNewView() != nil:
		if !a.noteBegun(m.GetNewView().ViewId) {
			return nil
		}
	case m.GetViewChange() != nil:
		a.leave(b, m.GetViewChange().NextView+1)
	default:
		a.over(&m)
	}
	a.mu.Lock()
	urgent := a.urgent
	a.mu.Unlock()
	return a.disk.vote(b, void, urgent)
}

// Deliver takes a decision.
func (a agreement) Deliver(p types.Proposal, sigs []types.Signature) types.Reconfig {
	d := types.Decision{Proposal: p, Signatures: sigs}
	rec, err := order.Parse(p.Payload)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.noteDecided(&d)
	if err == nil && !a.closed && rec.Tick > a.tick {
		err = a.accept(&d, &rec)
	}
	if err != nil {
		a.fail(fmt.Errorf("byzantine: deliver: %w", err))
	}
	return types.Reconfig{}
}

// SendConsensus sends a message of the library.
func (a agreement) SendConsensus(to uint64, m *smartbftprotos.Message) {
	if m.GetViewData() != nil {
		m = a.say(to, m)
	}
	a.mu.Lock()
	a.noteSaid(m)
	if v := m.GetViewChange(); v != nil && v.NextView > a.course.own {
		a.course.own, a.course.next = v.NextView, max(a.course.next, v.NextView)
		a.catchUp()
	}
	a.mu.Unlock()
	a.tell(to, m)
}

func (a agreement) tell(to uint64, m *smartbftprotos.Message) {
	list := []*smartbftprotos.Message{m}
	if a.cfg.warp != nil {
		list = a.cfg.warp(to, m)
	}
	for _, m := range list {
		b, err := proto.MarshalOptions{}.MarshalAppend(a.head(kindAgree), m)
		if err == nil {
			a.send(to, b)
		}
	}
}

// warp changes what a server that lies sends.
type warp func(to uint64, m *smartbftprotos.Message) []*smartbftprotos.Message

// SendTransaction would tell the leader of a wish; it has its own.
func (a agreement) SendTransaction(uint64, []byte) {}

// Nodes are the servers' numbers.
func (a agreement) Nodes() []uint64 {
	var list []uint64
	for i := range a.members {
		list = append(list, uint64(i+1))
	}
	return list
}

func (a agreement) Debugf(string, ...any)     {}
func (a agreement) Infof(string, ...any)      {}
func (a agreement) Warnf(f string, x ...any)  { a.log.Debug(fmt.Sprintf(f, x...), "server", a.self) }
func (a agreement) Errorf(f string, x ...any) { a.log.Warn(fmt.Sprintf(f, x...), "server", a.self) }

// Panicf is called where the library cannot go on. It ends this log and the
// library's goroutine, but not the process, which has other regions.
func (a agreement) Panicf(f string, x ...any) {
	go func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.fail(fmt.Errorf("byzantine: %w: %s", ErrLibrary, fmt.Sprintf(f, x...)))
	}()
	runtime.Goexit()
}
