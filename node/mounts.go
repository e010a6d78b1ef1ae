package node

import (
	"context"
	"errors"
	"fmt"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/mount"
)

const mountsFile = "mounts.json"

func (n *Node) openMounts() (err error) {
	n.mounts, err = mount.New(mount.Config{
		Lumps: n.lumps, Keep: n.home.dir,
		Load: func(v any) (bool, error) { return n.home.loadJSON(mountsFile, v) },
		Save: func(v any) error { return n.home.saveJSON(mountsFile, v) },
	})
	if err != nil {
		return fmt.Errorf("node: %w", err)
	}
	for _, d := range n.mounts.List() {
		n.log.Info("directory mounted", "name", d.Name, "dir", d.Path)
	}
	return nil
}

func mountOf(d mount.Dir) control.Mount {
	return control.Mount{Name: d.Name, Dir: d.Path, Hidden: d.Hidden, MaxFile: d.MaxFile}
}

// Mount lets a directory be read.
func (b *backend) Mount(_ context.Context, req *control.Mount) (*control.Mount, error) {
	d, err := b.mounts.Add(mount.Dir{Name: req.Name, Path: req.Dir, Hidden: req.Hidden, MaxFile: req.MaxFile})
	if err != nil {
		return nil, mountError(err)
	}
	b.log.Info("directory mounted", "name", d.Name, "dir", d.Path)
	m := mountOf(d)
	return &m, nil
}

// Unmount ends that.
func (b *backend) Unmount(_ context.Context, req *control.MountName) error {
	return mountError(b.mounts.Remove(req.Name))
}

// Mounts lists the directories.
func (b *backend) Mounts(context.Context) (*control.MountsResponse, error) {
	out := &control.MountsResponse{}
	for _, d := range b.mounts.List() {
		out.Mounts = append(out.Mounts, mountOf(d))
	}
	return out, nil
}

// MountFiles makes contents of what is in a directory.
func (b *backend) MountFiles(ctx context.Context, req *control.MountName, send func(*control.MountFile) error) error {
	return mountError(b.mounts.Files(ctx, req.Name, func(f mount.File) error {
		return send(&control.MountFile{Path: f.Path, Size: f.Size, CID: f.Ref.String(), Read: f.Read, Why: f.Why})
	}))
}

func mountError(err error) error {
	switch {
	case errors.Is(err, mount.ErrUnknown):
		return control.Errorf(control.NotFound, "see `metatopia lump mounts`", "%w", err)
	case errors.Is(err, mount.ErrTaken):
		return control.Errorf(control.Conflict, "choose another with --name", "%w", err)
	case errors.Is(err, mount.ErrName):
		return control.Errorf(control.Invalid, "choose another with --name", "%w", err)
	case errors.Is(err, mount.ErrDir):
		return control.Errorf(control.Invalid, "", "%w", err)
	case errors.Is(err, mount.ErrFull):
		return control.Errorf(control.TooLarge, "", "%w", err)
	}
	return lumpError(err)
}
