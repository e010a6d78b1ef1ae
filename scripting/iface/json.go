package iface

import "encoding/json"

// MarshalJSON adds the types of WebAssembly.
func (f Func) MarshalJSON() ([]byte, error) {
	type plain Func
	return json.Marshal(struct {
		plain
		Wasm string `json:"wasm"`
	}{plain(f), f.Wasm()})
}

// MarshalJSON adds the name of the import module, and how the types that occur
// are passed, so that the description can be read without this package.
func (i *Interface) MarshalJSON() ([]byte, error) {
	type rule struct {
		Wasm string `json:"wasm"`
		Is   string `json:"is"`
	}
	rules := map[Type]rule{}
	add := func(t Type) {
		if t != "" {
			rules[t] = rule{t.Wasm(), t.Rule()}
		}
	}
	for _, f := range i.Funcs {
		add(f.Result)
		for _, p := range f.Params {
			add(p.Type)
		}
	}
	for _, e := range i.Exports {
		for _, p := range e.Params {
			add(p.Type)
		}
	}
	type plain Interface
	return json.Marshal(struct {
		ID string `json:"id"`
		*plain
		Types map[Type]rule `json:"types"`
	}{i.ID(), (*plain)(i), rules})
}
