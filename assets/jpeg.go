package assets

import "encoding/binary"

func isJPEG(b []byte) bool {
	return len(b) >= 3 && b[0] == 0xff && b[1] == 0xd8 && b[2] == 0xff
}

// Markers of JPEG (ITU T.81, table B.1).
const (
	sof0 = 0xc0 // baseline; up to 0xcf with the gaps below
	sof2 = 0xc2 // progressive
	dht  = 0xc4
	jpg  = 0xc8
	dac  = 0xcc
	rst0 = 0xd0
	rst7 = 0xd7
	eoi  = 0xd9
	sos  = 0xda
)

// measureJPEG walks the markers. image/jpeg holds a byte for each sample, and
// for a progressive image four bytes more, the coefficients.
func measureJPEG(b []byte) (imageInfo, error) {
	var info imageInfo
	scans, at, progressive := 0, 2, false
	comps, done := 0, 0 // of the frame, and in the scans so far
	samples := int64(0)
	for {
		// A marker: any number of 0xff, then its code.
		if at+1 >= len(b) || b[at] != 0xff {
			return info, malformed("jpeg: no marker at byte %d", at)
		}
		for at < len(b) && b[at] == 0xff {
			at++
		}
		if at >= len(b) {
			return info, malformed("jpeg: cut off")
		}
		code := b[at]
		at++
		if code == eoi {
			break
		}
		if code >= rst0 && code <= rst7 {
			continue
		}
		if at+2 > len(b) {
			return info, malformed("jpeg: cut off")
		}
		n := int(binary.BigEndian.Uint16(b[at:]))
		if n < 2 || n > len(b)-at {
			return info, malformed("jpeg: a segment of %d bytes, %d are left", n, len(b)-at)
		}
		body := b[at+2 : at+n]
		at += n
		switch {
		case code >= sof0 && code <= 0xcf && code != dht && code != jpg && code != dac:
			if info.width != 0 || len(body) < 6 || len(body) != 6+3*int(body[5]) {
				return info, malformed("jpeg: its frame header")
			}
			progressive = code == sof2
			info.height, info.width = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
			if err := (imageInfo{width: info.width, height: info.height}).check(); err != nil {
				return info, err
			}
			samples, comps = jpegSamples(info, body[6:]), int(body[5])
		case code == sos:
			if len(body) < 1 || comps == 0 {
				return info, malformed("jpeg: a scan without a frame")
			}
			if scans++; scans > maxScans {
				return info, over("scans of a JPEG", int64(scans), maxScans)
			}
			// Without progress each component has one scan; Go would decode
			// a second one in full again.
			if done += int(body[0]); !progressive && done > comps {
				return info, malformed("jpeg: %d components in its scans, it has %d", done, comps)
			}
			at = pastEntropy(b, at)
		}
	}
	if samples == 0 || scans == 0 {
		return info, malformed("jpeg: no picture in it")
	}
	info.work = samples + 1<<20
	if progressive {
		info.work += 4 * samples
	}
	return info, nil
}

// jpegSamples is how many bytes the planes have: whole blocks of whole units,
// by the sampling factors of the components.
func jpegSamples(info imageInfo, comps []byte) int64 {
	hmax, vmax := int64(1), int64(1)
	for c := 0; c+2 < len(comps); c += 3 {
		hmax, vmax = max(hmax, int64(comps[c+1]>>4)), max(vmax, int64(comps[c+1]&15))
	}
	mx, my := (int64(info.width)+8*hmax-1)/(8*hmax), (int64(info.height)+8*vmax-1)/(8*vmax)
	n := int64(0)
	for c := 0; c+2 < len(comps); c += 3 {
		n += 64 * mx * my * int64(comps[c+1]>>4) * int64(comps[c+1]&15)
	}
	return n
}

// pastEntropy is where the next marker after a scan's data stands. In the data
// 0xff is followed by 0 or by a restart marker, and by nothing else.
func pastEntropy(b []byte, at int) int {
	for ; at+1 < len(b); at++ {
		if c := b[at+1]; b[at] == 0xff && c != 0 && c != 0xff && (c < rst0 || c > rst7) {
			return at
		}
	}
	return len(b)
}
