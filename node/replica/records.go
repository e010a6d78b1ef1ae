package replica

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order/raft"
)

// Records gives the records of a log on the disk that nobody has open, those
// included of which this server was not told that they are agreed on, and the epoch;
// none when there is no log. It is for who begins anew from what is left: a record
// that was agreed on is on this disk or is not, and nobody else can tell. The error
// may be ErrCorrupt.
func Records(dir string, region base.ID) (list [][]byte, epoch uint64, err error) {
	b, err := os.ReadFile(filepath.Join(dir, walName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("replica: records: %w", err)
	}
	d, err := raft.ReadDisk(b)
	if err == nil && d.Region != region {
		err = fmt.Errorf("it belongs to region %s", d.Region)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("replica: records: %w: %w", ErrCorrupt, err)
	}
	for _, x := range d.State.Entries {
		if data := x.GetData(); !raft.ChangesServers(x) && len(data) > 0 {
			list = append(list, data)
		}
	}
	return list, d.State.Base.Epoch, nil
}
