package builder

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/metatopia/metatopia/scripting/guest"
)

// Lua's source is Debian's copy of the upstream archive, fetched by apt's own
// downloader, which reads no list of packages and changes nothing of the
// system. Version and hash are of Debian 13.
const (
	luaArchive = "lua5.4_5.4.7.orig.tar.gz"
	luaHash    = "9fbf5e28ef86c69858f6d3d34eccc32e911c1a28b4120ff3e84aaa70cfbf1e30"
	luaPool    = "http://deb.debian.org/debian/pool/main/l/lua5.4/"
	luaCache   = "cache" // in guest/lua: archive, source, objects
	maxArchive = 4 << 20 // bytes unpacked
	aptHelper  = "/usr/lib/apt/apt-helper"
)

var errNoTools = errors.New("tools are missing")

// luaEntry is the file with the world of each Lua guest; luaMore what belongs
// to one alone.
var (
	luaEntry = map[string]string{guest.Lua: "thing.c", guest.LuaProcess: "process.c"}
	luaMore  = map[string][]string{guest.LuaProcess: {"around"}}
)

// luaOurs is compiled with every guest, luaParts is what of Lua is. The rest of
// Lua is for files, the operating system, other code and debugging.
var (
	luaOurs  = []string{"base", "driver", "library", "math", "nodump", "nostdio", "pack", "try"}
	luaParts = []string{"lapi", "lauxlib", "lcode", "lcorolib", "lctype", "ldebug", "ldo", "lfunc", "lgc", "llex", "lmem",
		"lobject", "lopcodes", "lparser", "lstate", "lstring", "lstrlib", "ltable", "ltablib", "ltm", "lutf8lib", "lvm", "lzio"}
)

// luaGuest compiles Lua and our part of the driver and links them.
func (c Config) luaGuest(ctx context.Context, m guest.Meta, out string) error {
	for _, tool := range []string{"clang", "wasm-ld", aptHelper} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%w: %s (on Debian: apt-get install clang lld wasi-libc libclang-rt-dev-wasm32)", errNoTools, tool)
		}
	}
	src, err := c.luaSource(ctx)
	if err != nil {
		return err
	}
	objects := filepath.Join(luaCache, m.Name)
	if err := os.MkdirAll(filepath.Join(c.Dir, "lua", objects), 0o755); err != nil {
		return err
	}
	flags := []string{"--target=wasm32-wasi", "-O2", "-DNDEBUG", "-Ishim", "-I.", "-I" + src, "-include", "conf.h"}
	var files []string
	for _, name := range slices.Concat(luaOurs, luaMore[m.Name], []string{strings.TrimSuffix(luaEntry[m.Name], ".c")}) {
		files = append(files, name+".c")
	}
	for _, name := range luaParts {
		files = append(files, path.Join(src, name+".c"))
	}
	link := slices.Concat(flags, []string{"-mexec-model=reactor", "-Wl,--strip-all", "-Wl,--stack-first", "-Wl,-z,stack-size=262144", "-o", out})
	for _, f := range files {
		object := path.Join(filepath.ToSlash(objects), strings.TrimSuffix(path.Base(f), ".c")+".o")
		if err := c.run(ctx, "lua", nil, "clang", append(slices.Clone(flags), "-c", "-o", object, f)...); err != nil {
			return err
		}
		link = append(link, object)
	}
	return c.run(ctx, "lua", nil, "clang", link...)
}

// luaText is the source that goes with a Lua guest: our part of it, and where
// the rest is.
func (c Config) luaText(m guest.Meta) ([]byte, error) {
	out := []byte("/* Lua itself: " + luaPool + luaArchive + "\n * sha256 " + luaHash + " */\n")
	for _, name := range slices.Concat([]string{"conf.h", "host.h", "driver.h"}, luaOurs, luaMore[m.Name], []string{luaEntry[m.Name]}) {
		if path.Ext(name) == "" {
			name += ".c"
		}
		b, err := os.ReadFile(filepath.Join(c.Dir, "lua", name))
		if err != nil {
			return nil, err
		}
		out = append(append(out, "\n/* "+name+" */\n"...), b...)
	}
	return out, nil
}

// luaSource gives the directory of Lua's source, from guest/lua, fetching and
// unpacking the archive unless it is there.
func (c Config) luaSource(ctx context.Context) (string, error) {
	cache := filepath.Join(c.Dir, "lua", luaCache)
	archive, src := filepath.Join(cache, luaArchive), path.Join(luaCache, "src")
	if err := os.MkdirAll(filepath.Join(cache, "src"), 0o755); err != nil {
		return "", err
	}
	b, err := os.ReadFile(archive)
	if err != nil || !isLua(b) {
		if err := c.run(ctx, "lua", nil, aptHelper, "-qq", "download-file", luaPool+luaArchive, path.Join(luaCache, luaArchive), "SHA256:"+luaHash); err != nil {
			return "", fmt.Errorf("fetch Lua's source: %w", err)
		}
		if b, err = os.ReadFile(archive); err != nil {
			return "", err
		}
	}
	if !isLua(b) {
		return "", fmt.Errorf("fetch Lua's source: %s has another hash", luaArchive)
	}
	return src, unpackLua(strings.NewReader(string(b)), filepath.Join(cache, "src"))
}

func isLua(b []byte) bool {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]) == luaHash
}

// unpackLua writes the C files of the archive's src into dir.
func unpackLua(archive io.Reader, dir string) error {
	z, err := gzip.NewReader(archive)
	if err != nil {
		return err
	}
	for t := tar.NewReader(io.LimitReader(z, maxArchive)); ; {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		name := path.Base(h.Name)
		if path.Base(path.Dir(h.Name)) != "src" || h.Typeflag != tar.TypeReg || !strings.HasSuffix(name, ".c") && !strings.HasSuffix(name, ".h") {
			continue
		}
		b, err := io.ReadAll(t)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), b, 0o644)
		}
		if err != nil {
			return err
		}
	}
}
