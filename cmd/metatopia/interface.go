package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/metatopia/metatopia/scripting/iface"
)

type interfaceCmd struct {
	List interfaceListCmd `cmd:"" help:"The interfaces that guests may import."`
	Show interfaceShowCmd `cmd:"" help:"The functions of one, with their types."`
}

type interfaceListCmd struct{}

func (interfaceListCmd) Help() string {
	return `Every version of every interface that this program offers to guests. It needs no
running node.

Example:
  metatopia interface list
  metatopia interface list --json`
}

func (interfaceListCmd) Run(e *environment) error {
	all := iface.All()
	return e.show(all, func(w io.Writer) {
		fmt.Fprintf(w, "INTERFACE\tREVISION\tFUNCTIONS\tFOR\tABOUT\n")
		for _, i := range all {
			about := i.About
			if i.Deprecated != "" {
				about += " (deprecated: use " + i.Instead + ")"
			}
			fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%s\n", i.ID(), i.Revision, len(i.Funcs), strings.Join(i.Guests(), ","), about)
		}
	})
}

type interfaceShowCmd struct {
	Name string `arg:"" help:"Like mt:log@1; without a version the latest, and log will do."`
}

func (interfaceShowCmd) Help() string {
	return `Prints the description from which the declarations of the SDKs and the tables of
docs/interfaces are made; with --json whole, with how each type is passed.

Example:
  metatopia interface show mt:message@1
  metatopia interface show log --json`
}

func (c interfaceShowCmd) Run(e *environment) error {
	i := iface.Find(c.Name)
	if i == nil {
		return usagef("`metatopia interface list` lists them", "no interface %s", c.Name)
	}
	return e.show(i, func(w io.Writer) { describeInterface(w, i) })
}

func describeInterface(w io.Writer, i *iface.Interface) {
	fmt.Fprintf(w, "%s\t%s\n", i.ID(), i.About)
	fmt.Fprintf(w, "for\t%s\n", strings.Join(i.Guests(), ", "))
	if i.Deprecated != "" {
		fmt.Fprintf(w, "deprecated\t%s: use %s\n", i.Deprecated, i.Instead)
	}
	for _, x := range i.Exports {
		words := map[string]string{"must": "the module must export it", "or": "the module must export one of these", "may": "called when it is exported"}
		fmt.Fprintf(w, "export\t%s: %s\n", iface.Func{Name: x.Name, Params: x.Params}.Text(), words[x.Need])
	}
	for _, c := range i.Codes {
		fmt.Fprintf(w, "code %d\t%s: %s\n", c.Number, c.Name, c.Meaning)
	}
	fmt.Fprintln(w)
	for _, f := range i.Funcs {
		params, result, _ := strings.Cut(f.Wasm(), ":")
		fmt.Fprintf(w, "%s\t(%s)->(%s)\t%s\n", f.Text(), params, result, strings.Join(f.For, ","))
	}
}
