package tenon_test

import (
	"fmt"
	"log"
	"math"
	"strings"

	"tenon.local/tenon"
)

// must ends the example at an error; a program handles it.
func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		log.Panic(err)
	}
}

// rms_norm: build, lower, run. The result is compared with the formula in float64.
func Example_norm() {
	ctx := must(tenon.NewContext(nil))
	defer ctx.Close()
	g := must(ctx.NewGraph("norm"))
	x := must(g.Input("x", tenon.F32, 2, 4))
	w := must(g.Input("w", tenon.F32, 4))
	y := must(g.Node("rms_norm", []tenon.Value{x, w}, tenon.Attributes{"epsilon": 1e-5}))
	check(g.Output("y", y))

	text := must(g.Lower("iree", nil)) // StableHLO text for IREE
	program := must(g.Compile(nil))    // plan once, run often
	rows := []float32{1, 2, 3, 4, -1, 0, 1, 0}
	scale := []float32{1, 1, 2, 0.5}
	inputs := []*tenon.Tensor{must(tenon.FromSlice(ctx, rows, 2, 4)), must(tenon.FromSlice(ctx, scale, 4))}
	outputs := must(program.NewOutputs())
	check(program.Run(inputs, outputs))
	got := must(tenon.Read[float32](outputs[0]))

	for row := 0; row < 2; row++ {
		sum := 0.0
		for _, v := range rows[row*4 : row*4+4] {
			sum += float64(v) * float64(v)
		}
		for i, v := range rows[row*4 : row*4+4] {
			want := float64(v) / math.Sqrt(sum/4+1e-5) * float64(scale[i])
			if math.Abs(float64(got[row*4+i])-want) > 1e-6 {
				log.Panicf("y[%d,%d] is %v, the formula gives %v", row, i, got[row*4+i], want)
			}
		}
	}
	fmt.Println(strings.SplitN(text, "\n", 2)[0])
	fmt.Printf("%.4f\n", got)
	// Output:
	// module @norm {
	// [0.3651 0.7303 2.1909 0.7303 -1.4142 0.0000 2.8284 0.0000]
}
