// Package lumpsbench measures a store on disk as it grows.
package lumpsbench
