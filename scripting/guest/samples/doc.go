// Package samples builds the sample guests of the SDKs: the same three programs
// in every language. Its test is the suite that all of them must pass.
package samples
