package control

import "context"

// AssetRequest asks to load a lump as an asset and to describe it.
type AssetRequest struct {
	CID    string `json:"cid"`
	As     string `json:"as,omitempty"`     // class: Mesh, Texture, ...; "" leaves it to the content
	Format string `json:"format,omitempty"` // only this one of AssetFormats; "" finds it by content
}

func (r *AssetRequest) check() error {
	return first(
		opaque("cid", r.CID, 1, MaxIDBytes),
		opaque("class", r.As, 0, MaxNameBytes),
		opaque("format", r.Format, 0, MaxNameBytes),
	)
}

// Asset describes one. While State is not ready the rest but Done and Total is
// missing; when it is, exactly one of the parts at the end is there.
type Asset struct {
	CID   string `json:"cid"`
	State string `json:"state"` // waiting | fetching | decoding | ready
	Done  int64  `json:"done"`  // bytes fetched
	Total int64  `json:"total"` // 0: not known yet

	Class         string  `json:"class,omitempty"`
	Format        string  `json:"format,omitempty"`
	Loader        string  `json:"loader,omitempty"` // CID of the guest that read it
	Gas           uint64  `json:"gas,omitempty"`    // that the guest was charged
	Source        string  `json:"source,omitempty"` // disk, or the peer id it came from
	Size          int64   `json:"size,omitempty"`   // bytes of the content
	Memory        int64   `json:"memory,omitempty"` // bytes kept
	FetchSeconds  float64 `json:"fetchSeconds,omitempty"`
	DecodeSeconds float64 `json:"decodeSeconds,omitempty"`

	Mesh    *AssetMesh    `json:"mesh,omitempty"`
	Texture *AssetTexture `json:"texture,omitempty"`
	Sound   *AssetSound   `json:"sound,omitempty"`
	Module  *AssetModule  `json:"module,omitempty"`
	Text    *AssetText    `json:"text,omitempty"`
	Avatar  *AssetAvatar  `json:"avatar,omitempty"`
}

// AssetMesh: Min and Max are the corners of its bounds, metres.
type AssetMesh struct {
	Vertices  int      `json:"vertices"`
	Triangles int      `json:"triangles"`
	Parts     int      `json:"parts"`
	Materials []string `json:"materials"` // names, "" for one without
	Textures  int      `json:"textures"`
	Normals   bool     `json:"normals"`
	UVs       bool     `json:"uvs"`
	Colors    bool     `json:"colors"`
	Min       Point    `json:"min"`
	Max       Point    `json:"max"`
}

type AssetTexture struct {
	Encoding string `json:"encoding"` // png | jpeg | webp | raw
	Width    int    `json:"width"`
	Height   int    `json:"height"`
	Alpha    bool   `json:"alpha"`
}

type AssetSound struct {
	Encoding string  `json:"encoding"` // wav | opus | vorbis | raw
	Rate     int     `json:"rate"`     // samples a second
	Channels int     `json:"channels"`
	Seconds  float64 `json:"seconds"`
}

type AssetModule struct {
	Uses       []string `json:"uses"` // handler, process, loader
	Interfaces []string `json:"interfaces"`
}

type AssetText struct {
	Lines int `json:"lines"`
}

type AssetAvatar struct {
	Vertices  int         `json:"vertices"`
	Triangles int         `json:"triangles"`
	Textures  int         `json:"textures"`
	Joints    int         `json:"joints"`             // 0: no skeleton
	Humanoid  string      `json:"humanoid,omitempty"` // vrm1 | vrm0
	Clips     []AssetClip `json:"clips"`
	Min       Point       `json:"min"`
	Max       Point       `json:"max"`
}

type AssetClip struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
}

// AssetFormat is one that the node reads.
type AssetFormat struct {
	Name    string   `json:"name"`
	Classes []string `json:"classes"`
	Loader  string   `json:"loader,omitempty"` // CID of the guest that reads it
}

// AssetFormatsResponse lists formats in the order in which they are tried, and
// says what the node keeps.
type AssetFormatsResponse struct {
	Formats []AssetFormat `json:"formats"`
	Entries int           `json:"entries"` // assets known
	Idle    int           `json:"idle"`    // of them, held by nobody
	Bytes   int64         `json:"bytes"`   // decoded
}

func (c *Client) AssetShow(ctx context.Context, req *AssetRequest, send func(*Asset) error) error {
	return receive(ctx, c, "AssetShow", req, send)
}

func (c *Client) AssetFormats(ctx context.Context) (*AssetFormatsResponse, error) {
	return call[Empty, AssetFormatsResponse](ctx, c, "AssetFormats", &Empty{})
}
