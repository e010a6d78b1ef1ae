package demo

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/metatopia/metatopia/node/control"
)

// lumpChunk is how the guest is handed to the node that stores it.
const lumpChunk = 256 << 10

// found makes the founder's node the owner of a world and of its first
// region. On a home that was used before, both are there already.
func found(ctx context.Context, c *child, st *control.StatusResponse) (*control.WorldInfo, error) {
	if st.World == nil {
		if _, err := c.client.WorldCreate(ctx, &control.WorldCreateRequest{Name: worldName, Spacing: spacing, Size: worldSize}); err != nil {
			return nil, fmt.Errorf("demo: found the world: %w", err)
		}
	}
	if err := seed(ctx, c, &hearth, st); err != nil {
		return nil, err
	}
	w, err := c.client.WorldInfo(ctx)
	if err != nil {
		return nil, fmt.Errorf("demo: join link: %w", err)
	}
	if w.Link == "" {
		return nil, fmt.Errorf("demo: join link: %s gave none", c.name)
	}
	return w, nil
}

// seed makes c serve a region, unless it does from an earlier run.
func seed(ctx context.Context, c *child, req *control.SeedRequest, st *control.StatusResponse) error {
	for _, r := range st.Serving {
		if r.Name == req.Name {
			return nil
		}
	}
	if _, err := c.client.RegionSeed(ctx, req); err != nil {
		return fmt.Errorf("demo: seed %s: %w", req.Name, err)
	}
	return nil
}

// publish stores content at the founder's node, from where the other nodes
// fetch it by its hash.
func publish(ctx context.Context, c *child, what string, content []byte) (cid string, err error) {
	r := bytes.NewReader(content)
	lump, err := c.client.LumpAdd(ctx, true, func() ([]byte, error) {
		if r.Len() == 0 {
			return nil, io.EOF
		}
		b := make([]byte, min(r.Len(), lumpChunk))
		_, err := io.ReadFull(r, b)
		return b, err
	})
	if err != nil {
		return "", fmt.Errorf("demo: store %s: %w", what, err)
	}
	return lump.CID, nil
}

// notice is a lump that no earlier run can have left behind, so that every
// run fetches something over the network and not only the first one in a home.
func notice(opened time.Time) []byte {
	return fmt.Appendf(nil, "%s opened at %s. Welcome.\n", worldName, opened.UTC().Format(time.RFC3339Nano))
}

// read fetches a lump on c's node and compares it with what was stored.
func read(ctx context.Context, c *child, cid string, want []byte) error {
	var got []byte
	err := c.client.LumpGet(ctx, &control.LumpRequest{CID: cid}, func(ch *control.LumpChunk) error {
		got = append(got, ch.Data...)
		return nil
	})
	if err == nil && !bytes.Equal(got, want) {
		err = fmt.Errorf("%d bytes came that are not the ones stored", len(got))
	}
	if err != nil {
		return fmt.Errorf("demo: %s fetches the notice: %w", c.name, err)
	}
	return nil
}

// animate starts a resident's brain on its own node, by content identifier:
// the module comes over the network.
func animate(ctx context.Context, c *child, cid string, seed uint64) error {
	_, err := c.client.Spawn(ctx, &control.SpawnRequest{CID: cid, Name: "resident", Args: brain(c.n, c.name, seed)})
	if err != nil {
		return fmt.Errorf("demo: start %s's brain: %w", c.name, err)
	}
	return nil
}

// brain is the argument list of the resident guest
// (scripting/guest/as/resident.ts): where it walks, what it says, and over
// which plane it throws the balls that it finds.
func brain(n int, name string, seed uint64) []string {
	var places, said []string
	for _, p := range walk(n) {
		places = append(places, fmt.Sprintf("%g,%g", p.X, p.Z))
	}
	for i := range lines {
		said = append(said, lines[(n+i)%len(lines)])
	}
	return []string{
		"path=" + strings.Join(places, ";"),
		"lines=" + strings.Join(said, "|"),
		"name=" + name,
		fmt.Sprintf("phase=%d", (seed+uint64(n))%uint64(len(places))),
		fmt.Sprintf("border=%g", borderX),
		"pause=1500",
	}
}
