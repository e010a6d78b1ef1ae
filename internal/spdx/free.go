package spdx

import (
	"slices"
	"strings"
)

// free are licences that the Free Software Foundation or the Open Source
// Initiative calls free, or that give away all rights, or that copyleft works
// of art are under; in lower case and sorted. Names count without regard to
// case (SPDX 2.3, annex D.2).
var free = []string{
	"0bsd", "afl-3.0", "agpl-3.0", "agpl-3.0-only", "agpl-3.0-or-later", "apache-2.0", "apsl-2.0", "artistic-2.0",
	"blueoak-1.0.0", "bsd-1-clause", "bsd-2-clause", "bsd-2-clause-patent", "bsd-3-clause", "bsd-3-clause-clear", "bsl-1.0",
	"cal-1.0", "cc-by-4.0", "cc-by-sa-4.0", "cc0-1.0", "cddl-1.0", "cecill-2.1", "cecill-b", "cecill-c", "cern-ohl-s-2.0",
	"ecl-2.0", "epl-1.0", "epl-2.0", "eupl-1.1", "eupl-1.2", "fal-1.3", "fsfap", "ftl",
	"gfdl-1.3-only", "gfdl-1.3-or-later", "gpl-2.0", "gpl-2.0-only", "gpl-2.0-or-later", "gpl-3.0", "gpl-3.0-only", "gpl-3.0-or-later",
	"hpnd", "ijg", "isc",
	"lgpl-2.1", "lgpl-2.1-only", "lgpl-2.1-or-later", "lgpl-3.0", "lgpl-3.0-only", "lgpl-3.0-or-later",
	"lppl-1.3c", "mit", "mit-0", "mpl-1.1", "mpl-2.0", "mpl-2.0-no-copyleft-exception", "ms-pl", "ms-rl", "mulanpsl-2.0",
	"ncsa", "odbl-1.0", "ofl-1.1", "openssl", "osl-3.0", "parity-7.0.0", "php-3.01", "postgresql", "psf-2.0", "python-2.0", "qpl-1.0",
	"ruby", "sleepycat", "unicode-3.0", "unlicense", "upl-1.0", "vim", "w3c", "wtfpl", "x11", "zlib", "zpl-2.1",
}

func isFree(name string) bool {
	_, ok := slices.BinarySearch(free, strings.ToLower(name))
	return ok
}
