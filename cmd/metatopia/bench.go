package main

// benchCmd measures this machine; kinds come with the parts that they measure.
type benchCmd struct {
	Kind string `arg:"" optional:"" enum:",overlay,process,physics,lumps,region,chat" default:"" help:"overlay, process, physics, lumps, region or chat; all without it."`
}

func (benchCmd) Run(e *environment) error { return notYet(e.Command) }
