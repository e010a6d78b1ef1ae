module github.com/metatopia/metatopia/scripting/guest/go

go 1.26.0
