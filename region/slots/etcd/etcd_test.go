package etcd_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/etcd/server/v3/embed"

	"github.com/metatopia/metatopia/region/slots"
	"github.com/metatopia/metatopia/region/slots/etcd"
	"github.com/metatopia/metatopia/region/slots/slotstest"
)

// serverEnv says to the test binary that it is a server, and where its data is.
const serverEnv = "METATOPIA_ETCD_SERVER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(serverEnv); dir != "" {
		fmt.Fprintln(os.Stderr, serve(dir, os.Getenv(serverEnv+"_AT")))
		os.Exit(1)
	}
	slotstest.Child(func(place string) (slots.Store, error) {
		e, err := etcd.Open(context.Background(), place)
		if err != nil {
			return nil, err
		}
		return slots.New(e), nil
	})
	os.Exit(m.Run())
}

// serve is an etcd with one member. It does not wait for the disk: what
// kill -9 leaves does not depend on it.
func serve(dir, at string) error {
	cfg := embed.NewConfig()
	cfg.Dir = dir
	cfg.LogLevel = "error"
	cfg.UnsafeNoFsync = true
	client, err := url.Parse("http://" + at)
	if err != nil {
		return err
	}
	peer, _ := url.Parse("http://127.0.0.1:0")
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{*client}, []url.URL{*client}
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = []url.URL{*peer}, []url.URL{*peer}
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	e, err := embed.StartEtcd(cfg)
	if err != nil {
		return err
	}
	<-e.Server.ReadyNotify()
	fmt.Println("ready")
	return <-e.Err()
}

// server is an etcd in a process of its own, so that it can be killed.
type server struct {
	t    testing.TB
	dir  string
	addr string
	cmd  *exec.Cmd
}

func start(t testing.TB) *server {
	// etcd's JSON interface dials the address that it was told: not port 0.
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, dir: t.TempDir(), addr: ln.Addr().String()}
	_ = ln.Close()
	s.run()
	t.Cleanup(s.kill)
	return s
}

// run starts it, and again when it ends at once: its port may be taken for a
// moment.
func (s *server) run() {
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); {
		s.cmd = exec.Command(os.Args[0])
		s.cmd.Env = append(os.Environ(), serverEnv+"="+s.dir, serverEnv+"_AT="+s.addr)
		s.cmd.Stderr = os.Stderr
		out, err := s.cmd.StdoutPipe()
		if err != nil {
			s.t.Fatal(err)
		}
		if err := s.cmd.Start(); err != nil {
			s.t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		if lines.Scan() {
			return
		}
		s.kill()
	}
	s.t.Fatal("etcd does not start")
}

func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

var prefixes atomic.Int64

// lab is a prefix of its own. etcd compacts as a whole, so what compacts is
// last: the others do not look back far.
func (s *server) lab(testing.TB) slotstest.Lab {
	prefix := fmt.Sprintf("p%d", prefixes.Add(1))
	through := func(t testing.TB, addr string) slots.Store {
		e, err := etcd.Open(t.Context(), "etcd://"+addr+"/"+prefix)
		if err != nil {
			t.Fatal(err)
		}
		return slots.New(e)
	}
	return slotstest.Lab{
		Place:     "etcd://" + s.addr + "/" + prefix,
		Open:      func(t testing.TB) slots.Store { return through(t, s.addr) },
		Server:    s.addr,
		Through:   through,
		Crash:     func(testing.TB) { s.kill(); s.run() },
		Fresh:     s.lab,
		Histories: slotstest.Histories(15),
		Length:    200,
	}
}

func TestContract(t *testing.T) {
	s := start(t)
	slotstest.Run(t, s.lab(t))
}

func TestPlacesThatAreNone(t *testing.T) {
	for _, place := range []string{"etcd://", "etcd:///x", "etcd://%zz"} {
		if err := etcd.Check(place); err == nil {
			t.Errorf("%s is taken for a cluster", place)
		}
	}
}
