package controltest

import (
	"context"
	"path/filepath"

	"github.com/metatopia/metatopia/node/control"
)

func (b *Backend) Mount(_ context.Context, r *control.Mount) (*control.Mount, error) {
	m := *r
	if m.Name == "" {
		m.Name = "photos"
	}
	m.Dir = "/home/ann/" + filepath.Base(m.Dir)
	return &m, b.called("mount %s", m.Name)
}

func (b *Backend) Unmount(_ context.Context, r *control.MountName) error {
	return b.called("unmount %s", r.Name)
}

func (b *Backend) Mounts(context.Context) (*control.MountsResponse, error) {
	return &control.MountsResponse{Mounts: []control.Mount{{Name: "photos", Dir: "/home/ann/photos", MaxFile: 256 << 20}}}, b.called("mounts")
}

func (b *Backend) MountFiles(_ context.Context, r *control.MountName, send func(*control.MountFile) error) error {
	if r.Name != "photos" {
		return control.Errorf(control.NotFound, "see `metatopia lump mounts`", "no such mount")
	}
	for _, f := range []control.MountFile{{Path: "a.jpg", Size: 4000, CID: "cid0", Read: true}, {Path: "sub/film.mp4", Size: 1 << 30, Why: "too large"}} {
		if err := send(&f); err != nil {
			return err
		}
	}
	return b.called("mount-files %s", r.Name)
}
