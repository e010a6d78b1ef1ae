package pkg

const (
	// MaxName is shorter than a CID, so that no name can be taken for one.
	MaxName = 48
	// MaxVersion bounds a version in bytes.
	MaxVersion = 48
	// MaxAuthor and MaxDescription bound words for people, in bytes.
	MaxAuthor      = 128
	MaxDescription = 512
	// MaxKeys bounds the authors that sign a package together.
	MaxKeys = 8
	// MaxInterfaces bounds what a package may need; the node offers some 15.
	MaxInterfaces = 64
	// MaxConfig bounds the settings of one interface, MaxConfigKey and
	// MaxConfigValue their bytes.
	MaxConfig      = 16
	MaxConfigKey   = 64
	MaxConfigValue = 512
	// MaxPrivileges bounds what a package asks for, MaxWhy its reason in bytes.
	MaxPrivileges = 32
	MaxWhy        = 256
	// MaxTool and MaxOptions bound a recipe: names and values in bytes, and how
	// many options there are.
	MaxTool    = 64
	MaxOption  = 128
	MaxOptions = 16
	// MaxEntry bounds a path in a bundle, in bytes: what the oldest form of a
	// tar header holds.
	MaxEntry = 100
	// MaxManifest bounds an encoded, signed manifest: it is read whole before
	// anything else of a package.
	MaxManifest = 64 << 10

	// MaxBundle bounds the source of a package in bytes, MaxFiles how many files
	// it has.
	MaxBundle = 16 << 20
	MaxFiles  = 2048

	// MaxReleases bounds what one key publishes: about a megabyte to keep and a
	// quarter of a second to verify.
	MaxReleases = 4096
	// MaxRelease bounds one encoded, signed release.
	MaxRelease = 512
	// MaxArchive bounds the part of an archive before the package.
	MaxArchive = MaxReleases * MaxRelease / 2
	// maxTime keeps release times, in milliseconds, in a range that prints.
	maxTime = 1 << 50
)
