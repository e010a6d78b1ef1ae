package main

const description = `Metatopia: a world of many nodes that you walk through.

  metatopia demo        a whole world on this machine, to look at
  metatopia up          my own node
  metatopia join LINK   a friend's world

Commands other than these speak to the node that runs with the same --home.
Settings come from the config file ($XDG_CONFIG_HOME/metatopia/config.json), then
METATOPIA_* variables, then flags; the last one wins.`

// CLI is the command line. One file for each family of verbs.
type CLI struct {
	Home   string `help:"Data directory of the node (default ${home})." placeholder:"DIR" default:"${home}"`
	JSON   bool   `name:"json" help:"Print JSON: one object, or one a line for streams."`
	Config string `help:"Config file, JSON." placeholder:"FILE"`

	Demo   demoCmd   `cmd:"" help:"A whole world on this machine."`
	Up     upCmd     `cmd:"" help:"Start my node."`
	World  worldCmd  `cmd:"" help:"Found a world, show it, make a join link."`
	Join   joinCmd   `cmd:"" help:"Enter a world by its link; starts the node when none runs."`
	Region regionCmd `cmd:"" help:"Own a region of the world."`
	Shard  shardCmd  `cmd:"" help:"Record a region's physics, run it again, compare."`
	Admin  adminCmd  `cmd:"" help:"Roles and order in my region."`

	Peers      peersCmd      `cmd:"" help:"Connected nodes."`
	Neighbours neighboursCmd `cmd:"" aliases:"neighbors" help:"Who surrounds my place in the overlay."`
	Walk       walkCmd       `cmd:"" help:"Walk my avatar to a place or a region."`
	Say        sayCmd        `cmd:"" help:"Say something to the people near me."`
	Listen     listenCmd     `cmd:"" help:"Print what is said near me."`
	Touch      touchCmd      `cmd:"" help:"Touch a thing within reach."`
	Tell       tellCmd       `cmd:"" help:"Tell a thing something: its program does it."`
	Thing      thingCmd      `cmd:"" help:"Make, move, give, lend and delete things."`
	Tie        tieCmd        `cmd:"" help:"Hold a thing to another, or to the world."`
	Untie      untieCmd      `cmd:"" help:"End what holds a thing."`
	Block      blockCmd      `cmd:"" help:"Hide somebody from all my screens."`
	Unblock    unblockCmd    `cmd:"" help:"Show them again."`
	Blocks     blocksCmd     `cmd:"" help:"Whom I have blocked."`
	Chat       chatCmd       `cmd:"" help:"Talk in a channel."`

	Lump     lumpCmd    `cmd:"" help:"Store and fetch content by its hash."`
	LoadLump lumpAddCmd `cmd:"" name:"load-lump" help:"The same as lump add."`

	Asset assetCmd `cmd:"" help:"Load lumps as meshes, textures, sounds and so on."`

	Script scriptCmd `cmd:"" help:"Scripts of things."`

	Ps      psCmd      `cmd:"" aliases:"list-processes" help:"Processes of my node."`
	Spawn   spawnCmd   `cmd:"" help:"Start a process from a module."`
	Kill    killCmd    `cmd:"" help:"End a process."`
	Send    sendCmd    `cmd:"" help:"Send a message to a process."`
	Screen  screenCmd  `cmd:"" help:"What a process shows, with my keys and pointer."`
	Tail    tailCmd    `cmd:"" help:"Log lines of a process."`
	Process processCmd `cmd:"" help:"Who else may run processes on my node."`
	Top     topCmd     `cmd:"" help:"Watch processes on a terminal, with their logs."`

	Store storeCmd `cmd:"" help:"Where values are kept for long."`

	Interface interfaceCmd `cmd:"" help:"What guests may import."`

	Pkg pkgCmd `cmd:"" help:"Build, publish and install packages."`

	Bench  benchCmd  `cmd:"" help:"Measure this machine."`
	Doctor doctorCmd `cmd:"" help:"What works here, and why not."`
	Status statusCmd `cmd:"" help:"What my node is doing."`
	Stop   stopCmd   `cmd:"" help:"Stop my node."`

	Version versionCmd `cmd:"" help:"Print the version."`
}
