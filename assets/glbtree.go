package assets

import "github.com/qmuntal/gltf"

// checkNodes checks the nodes and that they form trees: nobody is their own
// ancestor, nobody has two parents, nothing is too deep.
func (g *glb) checkNodes(c *checker) {
	d := g.doc
	parent := make([]int32, len(d.Nodes))
	for i, n := range d.Nodes {
		c.option(n.Mesh, len(d.Meshes), "node %d: mesh", i)
		c.option(n.Skin, len(d.Skins), "node %d: skin", i)
		c.option(n.Camera, len(d.Cameras), "node %d: camera", i)
		for _, child := range n.Children {
			if c.index(child, len(d.Nodes), "node %d: child", i); c.err != nil {
				return
			}
			if parent[child] != 0 {
				c.fail("node %d has two parents", child)
			}
			parent[child] = int32(i) + 1
		}
	}
	c.option(d.Scene, len(d.Scenes), "scene")
	for i, s := range d.Scenes {
		if len(s.Nodes) > len(d.Nodes) {
			c.fail("scene %d: a node twice", i)
		}
		for _, n := range s.Nodes {
			if c.index(n, len(d.Nodes), "scene %d: node", i); c.err != nil {
				return
			}
		}
	}
	// Up from every node: whoever is in a circle never arrives.
	for i := range parent {
		depth := 0
		for at := i; parent[at] != 0; at = int(parent[at]) - 1 {
			if depth++; depth >= maxNodeDepth {
				c.err = over("depth of the nodes, or a circle of them", int64(depth)+1, maxNodeDepth)
				return
			}
		}
	}
}

func (g *glb) checkSkins(c *checker) {
	d := g.doc
	for i, s := range d.Skins {
		if c.err == nil {
			c.err = within("joints of a skin", int64(len(s.Joints)), maxJoints)
		}
		c.option(s.Skeleton, len(d.Nodes), "skin %d: skeleton", i)
		for _, j := range s.Joints {
			c.index(j, len(d.Nodes), "skin %d: joint", i)
		}
		if c.option(s.InverseBindMatrices, len(d.Accessors), "skin %d: matrices", i); c.err != nil {
			return
		}
		if len(s.Joints) == 0 {
			c.fail("skin %d without joints", i)
		}
		if m := s.InverseBindMatrices; m != nil {
			if a := d.Accessors[*m]; a.Type != gltf.AccessorMat4 || a.ComponentType != gltf.ComponentFloat || a.Count < len(s.Joints) {
				c.fail("skin %d: %d matrices for %d joints", i, a.Count, len(s.Joints))
			}
		}
	}
}

func (g *glb) checkClips(c *checker) {
	d := g.doc
	for i, a := range d.Animations {
		count(c, "channels of an animation", a.Channels, maxChannels)
		count(c, "samplers of an animation", a.Samplers, maxChannels)
		if c.err != nil {
			return
		}
		for _, s := range a.Samplers {
			c.index(s.Input, len(d.Accessors), "animation %d: times", i)
			if c.index(s.Output, len(d.Accessors), "animation %d: values", i); c.err != nil {
				return
			}
			if t := d.Accessors[s.Input]; t.Type != gltf.AccessorScalar || t.ComponentType != gltf.ComponentFloat {
				c.fail("animation %d: times that are no numbers", i)
			}
			if in, out := d.Accessors[s.Input].Count, d.Accessors[s.Output].Count; out < in {
				c.fail("animation %d: %d values for %d times", i, out, in)
			}
		}
		for _, ch := range a.Channels {
			c.index(ch.Sampler, len(a.Samplers), "animation %d: sampler", i)
			c.option(ch.Target.Node, len(d.Nodes), "animation %d: node", i)
		}
	}
}
