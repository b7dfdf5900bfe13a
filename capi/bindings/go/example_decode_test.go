package tenon_test

import (
	"fmt"
	"log"
	"math"

	"tenon.local/tenon"
)

const heads, kvHeads, size, capacity, steps = 4, 2, 8, 16, 6

func buildDecoder(ctx *tenon.Context) *tenon.Program {
	g := must(ctx.NewGraph("decode"))
	defer g.Close()
	query := must(g.Input("query", tenon.F32, 1, heads, 1, size))
	key := must(g.Input("key", tenon.F32, 1, kvHeads, 1, size))
	value := must(g.Input("value", tenon.F32, 1, kvHeads, 1, size))
	keys := must(g.Input("keys", tenon.F32, 1, kvHeads, capacity, size))
	values := must(g.Input("values", tenon.F32, 1, kvHeads, capacity, size))
	start := must(g.Input("start", tenon.I32))
	length := must(g.Input("length", tenon.I32, 1))
	newKeys := must(g.Node("kv_cache_update", []tenon.Value{keys, key, start}, nil))
	newValues := must(g.Node("kv_cache_update", []tenon.Value{values, value, start}, nil))
	y := must(g.Node("scaled_dot_product_attention", []tenon.Value{query, newKeys, newValues, tenon.None, length}, nil))
	check(g.Output("y", y))
	check(g.Output("new_keys", newKeys))
	check(g.Output("new_values", newValues))
	return must(g.Compile(nil))
}

// attention in float64: one query per head over the keys and values so far, each [step][kv head][size].
func attention(query []float32, keys, values [][]float32) []float64 {
	out := make([]float64, heads*size)
	for head := 0; head < heads; head++ {
		group := head * kvHeads / heads * size
		weights, sum, top := make([]float64, len(keys)), 0.0, math.Inf(-1)
		for step, key := range keys {
			for i := 0; i < size; i++ {
				weights[step] += float64(query[head*size+i]) * float64(key[group+i])
			}
			weights[step] /= math.Sqrt(size)
			top = math.Max(top, weights[step])
		}
		for step := range weights {
			weights[step] = math.Exp(weights[step] - top)
			sum += weights[step]
		}
		for step, value := range values {
			for i := 0; i < size; i++ {
				out[head*size+i] += weights[step] / sum * float64(value[group+i])
			}
		}
	}
	return out
}

// A decoder's loop: each step appends a key and a value to a cache and attends to all that is in it. Four query heads share two key and value heads.
// Every step is compared with attention in float64 over the keys so far.
func Example_decode() {
	ctx := must(tenon.NewContext(nil))
	defer ctx.Close()
	program := buildDecoder(ctx)
	query := must(ctx.NewTensor(tenon.F32, 1, heads, 1, size))
	key := must(ctx.NewTensor(tenon.F32, 1, kvHeads, 1, size))
	value := must(ctx.NewTensor(tenon.F32, 1, kvHeads, 1, size))
	keys := must(ctx.NewTensor(tenon.F32, 1, kvHeads, capacity, size))
	values := must(ctx.NewTensor(tenon.F32, 1, kvHeads, capacity, size))
	start := must(ctx.NewTensor(tenon.I32))
	length := must(ctx.NewTensor(tenon.I32, 1))
	y := must(ctx.NewTensor(tenon.F32, 1, heads, 1, size))
	var seenKeys, seenValues [][]float32
	worst := 0.0
	for step := 0; step < steps; step++ {
		check(query.FillRandom(uint64(3 * step)))
		check(key.FillRandom(uint64(3*step + 1)))
		check(value.FillRandom(uint64(3*step + 2)))
		check(tenon.Write(start, []int32{int32(step)}))
		check(tenon.Write(length, []int32{int32(step + 1)}))
		// The caches are inputs and outputs at once: they are updated in place, and nothing is copied.
		check(program.Run([]*tenon.Tensor{query, key, value, keys, values, start, length}, []*tenon.Tensor{y, keys, values}))

		seenKeys = append(seenKeys, must(tenon.Read[float32](key)))
		seenValues = append(seenValues, must(tenon.Read[float32](value)))
		got := must(tenon.Read[float32](y))
		for i, want := range attention(must(tenon.Read[float32](query)), seenKeys, seenValues) {
			worst = math.Max(worst, math.Abs(float64(got[i])-want))
		}
	}
	if !(worst < 1e-6) {
		log.Panicf("off by %v", worst)
	}
	fmt.Println(steps, "steps, all within 1e-6 of float64")
	// Output: 6 steps, all within 1e-6 of float64
}
