package tenon_test

import (
	"errors"
	"fmt"

	"tenon.local/tenon"
)

// An error and what to do about it: it says which node, what was wrong and what to try; the graph is as it was before.
func Example_errors() {
	ctx := must(tenon.NewContext(nil))
	defer ctx.Close()
	g := must(ctx.NewGraph("norm"))
	x := must(g.Input("x", tenon.F32, 2, 4))
	_, err := g.Add(tenon.NodeRequest{Name: "first", Op: "rms_norm", Operands: []tenon.Value{x}, Attributes: tenon.Attributes{"epsilom": 1e-5}})
	var e *tenon.Error
	if errors.Is(err, tenon.InvalidArgument) && errors.As(err, &e) {
		fmt.Println(e.Code)
		fmt.Println(e.Message)
		fmt.Println(e.Where.Node, e.Where.Operand)
		fmt.Println(e.Advice)
	}
	y := must(g.Node("rms_norm", []tenon.Value{x}, tenon.Attributes{"epsilon": 1e-5}))
	check(g.Output("y", y))
	fmt.Println(must(g.Compile(nil)).Outputs()[0].Type)
	// Output:
	// INVALID_ARGUMENT
	// [rms_norm] has no attribute "epsilom"
	// first epsilom
	// did you mean epsilon?
	// f32[2,4]
}
