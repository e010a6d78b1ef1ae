package node

import (
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/scripting"
)

// asks are the requests of a script to the region's store.
func asks(in []scripting.Ask) (list []region.Ask) {
	for _, a := range in {
		x := region.Ask{Tag: a.Tag}
		for _, s := range a.Steps {
			x.Steps = append(x.Steps, region.StoreStep{Op: region.StoreOp(s.Op), Key: s.Key, Start: s.Start, N: s.Most, Value: fromScript(s.Value)})
		}
		if len(x.Steps) > 0 { // one without a step asks nothing
			list = append(list, x)
		}
	}
	return list
}

// answerOf is an answer as scripts see it.
func answerOf(a *region.Answer) *scripting.Answer {
	if a == nil {
		return nil
	}
	out := &scripting.Answer{Error: a.Code.String()}
	for _, x := range a.Items {
		out.Items = append(out.Items, scripting.AnswerItem{Key: x.Key, Value: toScript(x.Value)})
	}
	return out
}
