package demo

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// MinResidents is what the promise "at least five" means; MaxResidents keeps
// one machine's demo a demo: every resident is a process with a full node.
const (
	MinResidents = 5
	MaxResidents = 32
)

// Config is one demo.
type Config struct {
	Exe       string        // the metatopia binary to start
	Home      string        // every node gets a directory below it
	Residents int           // MinResidents to MaxResidents; 0 = MinResidents
	For       time.Duration // how long the world stays open; 0 = until the context ends
	Seed      uint64        // of the residents' walks
	Guest     []byte        // wasm module of the residents' brains
	Headless  bool          // nobody looks: no invitation to open the page
	Words     io.Writer     // what is said to the person
	Live      bool          // Words is a terminal: keep one status line up to date
}

func (c *Config) validate() error {
	if c.Residents == 0 {
		c.Residents = MinResidents
	}
	switch {
	case c.Exe == "":
		return errors.New("demo: no executable")
	case c.Home == "":
		return errors.New("demo: no home directory")
	case c.Residents < MinResidents || c.Residents > MaxResidents:
		return fmt.Errorf("demo: %d residents; between %d and %d", c.Residents, MinResidents, MaxResidents)
	case c.For < 0:
		return fmt.Errorf("demo: open for %s", c.For)
	case len(c.Guest) == 0:
		return errors.New("demo: this binary holds no guests: run `make build`")
	}
	if c.Words == nil {
		c.Words = io.Discard
	}
	return nil
}
