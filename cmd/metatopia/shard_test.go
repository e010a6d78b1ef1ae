package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/physics/record"
	"github.com/metatopia/metatopia/spatial"
)

// recorded writes the recording of a ball that falls; in step 20 of it
// somebody pushes it behind the recorder's back.
func recorded(t *testing.T, name string, pushed bool) string {
	t.Helper()
	w, err := physics.New(physics.Config{})
	if err != nil {
		t.Fatal(err)
	}
	rec, b, err := record.Start(w, record.Options{Every: 1})
	if err != nil {
		t.Fatal(err)
	}
	file := bytes.Clone(b)
	cmds := []physics.Command{{Kind: physics.CmdAdd, Body: physics.Body{ID: 7, Shape: physics.Shape{Kind: physics.Sphere, Half: spatial.Vec{X: 0.5}}, Pos: spatial.Vec{Y: 3}, Mass: 1}}}
	for i := range 40 {
		told := cmds
		if i == 20 && pushed {
			told = []physics.Command{{Kind: physics.CmdImpulse, ID: 7, Vec: spatial.Vec{X: 1}}}
		}
		if _, err := w.Step(told, nil); err != nil {
			t.Fatal(err)
		}
		b, err := rec.Step(cmds, w)
		if err != nil {
			t.Fatal(err)
		}
		file, cmds = append(file, b...), nil
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestShardReplay(t *testing.T) {
	good, bad := recorded(t, "good.rec", false), recorded(t, "bad.rec", true)
	torn := damaged(t, good)
	const corrupt = 1
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"replay", good}, 0, "40 steps, all the same"},
		{[]string{"replay", bad}, 1, "step 21: the same commands, another state"},
		{[]string{"replay", bad}, 1, "body 7: position"},
		{[]string{"replay", "--json", bad}, 1, `"same":false,"steps":20,"step":21,"what":"state"`},
		{[]string{"compare", good, good}, 0, "40 steps, all the same"},
		{[]string{"compare", good, bad}, 1, "this machine agrees with " + good},
		{[]string{"replay", torn}, corrupt, "record anew"},
		{[]string{"compare", good, torn}, corrupt, "record anew"},
	} {
		var out, errs bytes.Buffer
		code := run(context.Background(), append([]string{"shard"}, c.args...), &terminals{Out: &out, Err: &errs})
		if code != c.code || !strings.Contains(out.String()+errs.String(), c.want) {
			t.Errorf("%v: exit code %d\n%s%s", c.args, code, out.String(), errs.String())
		}
	}
}

// damaged is the recording with one bit of the last state wrong.
func damaged(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-20] ^= 1
	path = filepath.Join(t.TempDir(), "torn.rec")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
