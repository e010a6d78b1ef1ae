package physbench

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed rivals/bullet.cpp
var bulletSource []byte

// HasBullet tells whether a program can be built with Bullet here (Debian:
// libbullet-dev and g++).
func HasBullet() bool {
	if _, err := exec.LookPath("g++"); err != nil {
		return false
	}
	_, err := bulletFlags(context.Background())
	return err == nil
}

func bulletFlags(ctx context.Context) ([]string, error) {
	out, err := exec.CommandContext(ctx, "pkg-config", "--cflags", "--libs", "bullet").Output()
	if err == nil {
		return strings.Fields(string(out)), nil
	}
	const headers = "/usr/include/bullet" // where Debian has them, without pkg-config
	if _, err := os.Stat(filepath.Join(headers, "btBulletDynamicsCommon.h")); err != nil {
		return nil, fmt.Errorf("bullet is not installed (Debian: libbullet-dev): %w", err)
	}
	return []string{"-I" + headers, "-lBulletDynamics", "-lBulletCollision", "-lLinearMath"}, nil
}

// buildBullet compiles the program that lets Bullet have a scene.
func (b *bench) buildBullet(ctx context.Context) (r rival, err error) {
	flags, err := bulletFlags(ctx)
	if err != nil {
		return r, err
	}
	source, program := filepath.Join(b.dir, "bullet.cpp"), filepath.Join(b.dir, "bullet")
	if err := os.WriteFile(source, bulletSource, 0o600); err != nil {
		return r, err
	}
	cmd := exec.CommandContext(ctx, "g++", append([]string{"-O2", "-o", program, source}, flags...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return r, fmt.Errorf("bullet: g++: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return rival{"bullet", []string{program}}, nil
}
