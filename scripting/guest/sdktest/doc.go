// Package sdktest runs guests that try what the SDKs offer: its tests are all
// there is.
package sdktest
