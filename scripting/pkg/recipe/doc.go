// Package recipe builds the modules of a package from its source, with the
// tools of this machine. It always works on a copy that has the bundle's files
// and nothing else, with flags that leave paths, times and versions of the
// source tree out, so that who builds the same source with the same tool gets
// the same bytes. The compilers are not confined: whoever builds a stranger's
// source trusts them with it.
package recipe
