//go:build wasip1

package sdk

// Response is an answer from the web, whatever its status.
type Response struct {
	Status int
	Type   string
	Body   []byte
}

// Get asks a host that was granted (metatopia spawn --may-fetch HOST), and waits
// for the whole answer, which has at most 1 MiB.
func Get(url string) (Response, error) { return response(mtHttpGet(url)) }

// Post sends at most 256 KiB; redirections are not followed.
func Post(url, mediaType string, data []byte) (Response, error) {
	return response(mtHttpPost(url, mediaType, ptr(data), int32(len(data))))
}

func response(status int32) (Response, error) {
	if status < 0 {
		return Response{}, Code(status)
	}
	r := Response{Status: int(status), Body: make([]byte, mtHttpSize())}
	mtHttpRead(0, ptr(r.Body), int32(len(r.Body)))
	var err error
	r.Type, err = read(func(b []byte) int32 { return mtHttpType(ptr(b), int32(len(b))) })
	return r, err
}
