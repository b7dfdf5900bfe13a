package tenon_test

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"tenon.local/tenon"
)

func need[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func mustFail(t *testing.T, err error, code tenon.Code, words ...string) *tenon.Error {
	t.Helper()
	var e *tenon.Error
	if !errors.As(err, &e) || !errors.Is(err, code) {
		t.Fatalf("want an error with code %v, got %v", code, err)
	}
	for _, word := range words {
		if !strings.Contains(e.Report(), word) {
			t.Errorf("%q is not in %s", word, e.Report())
		}
	}
	return e
}

func newContext(t *testing.T) *tenon.Context {
	t.Helper()
	c := need(tenon.NewContext(&tenon.ContextOptions{Threads: 2}))(t)
	t.Cleanup(c.Close)
	return c
}

// norm is rms_norm of f32[rows,columns] with a scale.
func norm(t *testing.T, c *tenon.Context, rows, columns int64) *tenon.Program {
	t.Helper()
	g := need(c.NewGraph("norm"))(t)
	defer g.Close()
	x := need(g.Input("x", tenon.F32, rows, columns))(t)
	w := need(g.Input("w", tenon.F32, columns))(t)
	y := need(g.Node("rms_norm", []tenon.Value{x, w}, tenon.Attributes{"epsilon": 1e-5}))(t)
	if err := g.Output("y", y); err != nil {
		t.Fatal(err)
	}
	return need(g.Compile(nil))(t)
}

// checkNorm compares with the formula in float64.
func checkNorm(t *testing.T, x, w, y []float32, columns int) {
	t.Helper()
	for row := 0; row*columns < len(x); row++ {
		sum := 0.0
		for _, v := range x[row*columns : (row+1)*columns] {
			sum += float64(v) * float64(v)
		}
		for i := range w {
			want := float64(x[row*columns+i]) / math.Sqrt(sum/float64(columns)+1e-5) * float64(w[i])
			if got := float64(y[row*columns+i]); !(math.Abs(got-want) <= 1e-6*(1+math.Abs(want))) {
				t.Fatalf("y[%d,%d] is %v, the formula gives %v", row, i, got, want)
			}
		}
	}
}

func f32(dims ...int64) tenon.Type { return tenon.Type{DType: tenon.F32, Dims: dims} }

func random(t *testing.T, c *tenon.Context, seed uint64, dims ...int64) *tenon.Tensor {
	t.Helper()
	tensor := need(c.NewTensor(tenon.F32, dims...))(t)
	if err := tensor.FillRandom(seed); err != nil {
		t.Fatal(err)
	}
	return tensor
}

func floats(t *testing.T, tensor *tenon.Tensor) []float32 {
	t.Helper()
	return need(tenon.Read[float32](tensor))(t)
}

func TestRunManyIsAsManyRuns(t *testing.T) {
	c := newContext(t)
	p := norm(t, c, 3, 67)
	w := random(t, c, 1, 67)
	var runs []tenon.Run
	for i := uint64(0); i < 10; i++ {
		runs = append(runs, tenon.Run{Inputs: []*tenon.Tensor{random(t, c, 2+i, 3, 67), w}, Outputs: need(p.NewOutputs())(t)})
	}
	if done, err := p.RunMany(runs); err != nil || done != 10 {
		t.Fatal(done, err)
	}
	for _, run := range runs {
		checkNorm(t, floats(t, run.Inputs[0]), floats(t, w), floats(t, run.Outputs[0]), 67)
	}
	// The fourth has an input of the wrong shape: three went well, and the error says what was wrong.
	runs[3].Inputs[0] = random(t, c, 1, 3, 66)
	done, err := p.RunMany(runs)
	if done != 3 {
		t.Errorf("%d runs done, want 3", done)
	}
	mustFail(t, err, tenon.InvalidArgument, "expected f32[3,67], got f32[3,66]")
	runs[3].Inputs = runs[3].Inputs[:1]
	_, err = p.RunMany(runs)
	mustFail(t, err, tenon.InvalidArgument, "run 3")
	if done, err := p.RunMany(nil); done != 0 || err != nil {
		t.Error(done, err)
	}
}

func TestWrongTensorsAreErrorsAndTheProgramWorksOn(t *testing.T) {
	c := newContext(t)
	p := norm(t, c, 2, 8)
	x, w := random(t, c, 1, 2, 8), random(t, c, 2, 8)
	y := need(p.NewOutputs())(t)
	double := need(c.NewTensor(tenon.F64, 2, 8))(t)
	flat := need(c.NewTensor(tenon.F32, 16))(t)
	mustFail(t, p.Run([]*tenon.Tensor{double, w}, y), tenon.InvalidArgument, "f64[2,8]")
	mustFail(t, p.Run([]*tenon.Tensor{flat, w}, y), tenon.InvalidArgument, "f32[16]")
	mustFail(t, p.Run([]*tenon.Tensor{x}, y), tenon.InvalidArgument, "2 inputs, got 1")
	mustFail(t, p.Run([]*tenon.Tensor{x, w}, nil), tenon.InvalidArgument, "output")
	mustFail(t, p.Run([]*tenon.Tensor{x, nil}, y), tenon.InvalidArgument, "nil")
	mustFail(t, p.Run([]*tenon.Tensor{x, w}, []*tenon.Tensor{flat}), tenon.InvalidArgument, "f32[16]")
	if err := p.Run([]*tenon.Tensor{x, w}, y); err != nil {
		t.Fatal(err)
	}
	checkNorm(t, floats(t, x), floats(t, w), floats(t, y[0]), 8)
}

func TestWrongGraphsAreErrorsAndTheGraphWorksOn(t *testing.T) {
	c := newContext(t)
	g := need(c.NewGraph("wrong"))(t)
	other := need(c.NewGraph("other"))(t)
	x := need(g.Input("x", tenon.F32, 2, 8))(t)
	foreign := need(other.Input("x", tenon.F32, 2, 8))(t)
	_, err := g.Node("rms_nrom", []tenon.Value{x}, nil)
	mustFail(t, err, tenon.NotFound, "rms_norm")
	_, err = g.Node("rms_norm", []tenon.Value{foreign}, nil)
	mustFail(t, err, tenon.InvalidArgument, "another graph")
	_, err = g.Node("rms_norm", []tenon.Value{x}, tenon.Attributes{"epsilon": -1})
	mustFail(t, err, tenon.OutOfRange, "epsilon")
	_, err = g.Node("rms_norm", []tenon.Value{x}, tenon.Attributes{"epsilon": struct{}{}})
	mustFail(t, err, tenon.InvalidArgument, "struct {}")
	_, err = g.Node("rms_norm", []tenon.Value{x}, tenon.Attributes{"axis": uint64(math.MaxUint64)})
	mustFail(t, err, tenon.InvalidArgument, "64 bits")
	_, err = g.Add(tenon.NodeRequest{Op: "rms_norm", NamedOperands: []tenon.NamedOperand{{Name: "inptu", Value: x}}})
	mustFail(t, err, tenon.InvalidArgument, "did you mean input?")
	_, err = g.Input("x", tenon.F32, 2)
	mustFail(t, err, tenon.AlreadyExists, "x")
	_, err = g.Input("z", tenon.DType(99), 2)
	mustFail(t, err, tenon.InvalidArgument, "99")
	_, err = g.Find("y")
	mustFail(t, err, tenon.NotFound, "y")
	_, err = c.ParseGraph("tenon: 1\nname: [", tenon.LoadOptions{File: "bad.yaml"})
	if e := mustFail(t, err, tenon.InvalidArgument); e.Where.File != "bad.yaml" || e.Where.Line == 0 {
		t.Errorf("the place is %+v", e.Where)
	}
	_, err = c.Target("iere")
	mustFail(t, err, tenon.NotFound, "iree")
	_, err = tenon.NewContext(&tenon.ContextOptions{Arch: "pentium"})
	mustFail(t, err, tenon.CPUUnsupported, "pentium")
	// Two nodes of one operator get names of their own; results by name; the type is known at once.
	values := need(g.Add(tenon.NodeRequest{Op: "rms_norm", NamedOperands: []tenon.NamedOperand{{Name: "input", Value: x}, {Name: "residual", Value: x}}}))(t)
	second := need(g.Node("rms_norm", values[:1], tenon.Attributes{"normalized_shape": []int{8}, "unit_offset": false}))(t)
	if sum := need(g.Find("rms_norm:sum"))(t); sum != values[1] {
		t.Errorf("rms_norm:sum is %v, want %v", sum, values[1])
	}
	if kind := need(g.Type(second))(t); kind.String() != "f32[2,8]" {
		t.Error(kind)
	}
	if found := need(g.Find("rms_norm_1"))(t); found != second {
		t.Error("the second node is not rms_norm_1")
	}
}

func TestClosedIsAnErrorAndTheOrderDoesNotMatter(t *testing.T) {
	c := need(tenon.NewContext(nil))(t)
	p := norm(t, c, 2, 8)
	x, w := random(t, c, 1, 2, 8), random(t, c, 2, 8)
	y := need(p.NewOutputs())(t)
	g := need(c.NewGraph("g"))(t)
	c.Close()
	c.Close()
	// What was made from it lives on.
	if err := p.Run([]*tenon.Tensor{x, w}, y); err != nil {
		t.Fatal(err)
	}
	checkNorm(t, floats(t, x), floats(t, w), floats(t, y[0]), 8)
	_, err := c.NewGraph("h")
	mustFail(t, err, tenon.FailedPrecondition, "the context is closed")
	if _, err = g.Input("x", tenon.F32, 2); err != nil {
		t.Error(err)
	}
	g.Close()
	_, err = g.Input("y", tenon.F32, 2)
	mustFail(t, err, tenon.FailedPrecondition, "the graph is closed")
	x.Close()
	x.Close()
	mustFail(t, p.Run([]*tenon.Tensor{x, w}, y), tenon.FailedPrecondition, "the tensor is closed")
	_, err = tenon.Read[float32](x)
	mustFail(t, err, tenon.FailedPrecondition)
	p.Close()
	mustFail(t, p.Run([]*tenon.Tensor{x, w}, y), tenon.FailedPrecondition, "the program is closed")
	_, err = p.Plan()
	mustFail(t, err, tenon.FailedPrecondition)
	var zero tenon.Context
	_, err = zero.NewGraph("g")
	mustFail(t, err, tenon.FailedPrecondition)
	zero.Close()
}

func TestOneProgramInManyGoroutines(t *testing.T) {
	c := newContext(t)
	p := norm(t, c, 5, 67)
	w := random(t, c, 1, 67)
	var wait sync.WaitGroup
	for worker := uint64(0); worker < 8; worker++ {
		x, y := random(t, c, 2+worker, 5, 67), need(p.NewOutputs())(t)
		wait.Add(1)
		go func() {
			defer wait.Done()
			for i := 0; i < 50; i++ {
				if err := p.Run([]*tenon.Tensor{x, w}, y); err != nil {
					t.Error(err)
					return
				}
			}
			checkNorm(t, floats(t, x), floats(t, w), floats(t, y[0]), 67)
		}()
	}
	wait.Wait()
	// Closing while others run: each run ends well or is refused.
	for worker := uint64(0); worker < 4; worker++ {
		x, y := random(t, c, worker, 5, 67), need(p.NewOutputs())(t)
		wait.Add(1)
		go func() {
			defer wait.Done()
			for i := 0; i < 200; i++ {
				if err := p.Run([]*tenon.Tensor{x, w}, y); err != nil && !errors.Is(err, tenon.FailedPrecondition) {
					t.Error(err)
				}
			}
		}()
	}
	p.Close()
	wait.Wait()
}

func TestDynamicSizesAreBoundByRunsAndByBind(t *testing.T) {
	c := newContext(t)
	p := norm(t, c, tenon.Dynamic, 8)
	if in := p.Inputs(); in[0].Name != "x" || in[0].String() != "f32[?,8]" {
		t.Error(in)
	}
	_, err := p.Plan()
	mustFail(t, err, tenon.FailedPrecondition, "bind")
	w := random(t, c, 1, 8)
	for _, rows := range []int64{1, 3, 0} {
		bound := need(p.Bind(f32(rows, 8), f32(8)))(t)
		x, y := random(t, c, 2, rows, 8), need(bound.NewOutputs())(t)
		for _, program := range []*tenon.Program{p, bound} {
			if err := program.Run([]*tenon.Tensor{x, w}, y); err != nil {
				t.Fatal(err)
			}
			checkNorm(t, floats(t, x), floats(t, w), floats(t, y[0]), 8)
		}
		if rows == 0 && len(floats(t, y[0])) != 0 {
			t.Error("an empty input has an empty result")
		}
		bound.Close()
	}
	_, err = p.Bind(f32(2, 9), f32(8))
	mustFail(t, err, tenon.InvalidArgument)
}

func TestReports(t *testing.T) {
	c := newContext(t)
	p := norm(t, c, 2, 8)
	if plan := need(p.Plan())(t); !strings.Contains(plan, "rms_norm") {
		t.Error(plan)
	}
	has := func(report json.RawMessage, key string) {
		t.Helper()
		var parsed map[string]any
		if err := json.Unmarshal(report, &parsed); err != nil || parsed[key] == nil {
			t.Errorf("no %s in %.200s (%v)", key, report, err)
		}
	}
	has(need(p.Report())(t), "steps")
	has(need(p.Explain())(t), "steps")
	has(need(c.Operators("rms_norm"))(t), "operators")
	has(need(c.Plugins())(t), "plugins")
	has(need(c.Targets())(t), "targets")
	has(need(c.Machine())(t), "level")
	_, err := c.Operators("no_such_operator")
	mustFail(t, err, tenon.NotFound)
	report, failed, err := c.Verify("rms_norm", tenon.VerifyOptions{DType: tenon.F32, Cases: 5})
	if err != nil || failed != 0 {
		t.Fatal(failed, err)
	}
	has(report, "rows")
	g := need(c.OperatorGraph("rms_norm", tenon.F32, "2x8,8", "epsilon=1e-5"))(t)
	if report, failed, err = g.Verify(nil, tenon.VerifyOptions{Seed: 1}); err != nil || failed != 0 {
		t.Fatal(failed, err)
	}
	has(report, "rows")
	target := need(c.Target("custom-call"))(t)
	module := need(g.LowerTo(target, nil))(t)
	has(need(module.Decisions())(t), "decisions")
	if text := need(module.Text())(t); !strings.Contains(text, "custom_call") {
		t.Error(text)
	}
	if yaml := need(target.YAML())(t); !strings.Contains(yaml, "custom-call") {
		t.Error(yaml)
	}
}

func TestFiles(t *testing.T) {
	c := newContext(t)
	folder := t.TempDir()
	x := random(t, c, 7, 3, 4)
	path := filepath.Join(folder, "x.npy")
	if err := x.Save(path); err != nil {
		t.Fatal(err)
	}
	again := need(c.LoadTensor(path, tenon.Invalid))(t)
	if again.Type().String() != "f32[3,4]" {
		t.Error(again.Type())
	}
	for i, v := range floats(t, again) {
		if v != floats(t, x)[i] {
			t.Fatal(i, v)
		}
	}
	_, err := c.LoadTensor(path, tenon.F64)
	mustFail(t, err, tenon.InvalidArgument, "f64")
	_, err = c.LoadTensor(filepath.Join(folder, "none.npy"), tenon.Invalid)
	mustFail(t, err, tenon.NotFound)

	// A safetensors file written by hand: length of the header, header, data.
	header := `{"scale":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}`
	file := append([]byte{byte(len(header)), 0, 0, 0, 0, 0, 0, 0}, header...)
	for _, v := range []float32{1, 2, 3, 0.5} {
		bits := math.Float32bits(v)
		file = append(file, byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24))
	}
	weights := filepath.Join(folder, "w.safetensors")
	if err := os.WriteFile(weights, file, 0o644); err != nil {
		t.Fatal(err)
	}
	params := need(c.OpenParams(weights))(t)
	if names := params.Names(); len(names) != 1 || names[0] != "scale" {
		t.Fatal(names)
	}
	kind, bytes, err := params.Tensor("scale")
	if err != nil || kind.String() != "f32[4]" || string(bytes) != string(file[len(file)-16:]) {
		t.Fatal(kind, bytes, err)
	}
	_, _, err = params.Tensor("scael")
	mustFail(t, err, tenon.NotFound, "scael")
	g := need(c.NewGraph("with_params"))(t)
	in := need(g.Input("x", tenon.F32, 3, 4))(t)
	w := need(g.Param("scale", "w", tenon.F32, 4))(t)
	y := need(g.Node("rms_norm", []tenon.Value{in, w}, tenon.Attributes{"epsilon": 1e-5}))(t)
	if err := g.Output("y", y); err != nil {
		t.Fatal(err)
	}
	_, err = g.Compile(nil)
	mustFail(t, err, tenon.FailedPrecondition)
	p := need(g.Compile(&tenon.ProgramOptions{Params: params}))(t)
	if err := params.Write(g, filepath.Join(folder, "w.irpa")); err != nil {
		t.Fatal(err)
	}
	params.Close() // the program keeps it
	out := need(p.NewOutputs())(t)
	if err := p.Run([]*tenon.Tensor{x}, out); err != nil {
		t.Fatal(err)
	}
	checkNorm(t, floats(t, x), []float32{1, 2, 3, 0.5}, floats(t, out[0]), 4)

	// The graph as a file, and back.
	graph := filepath.Join(folder, "g.yaml")
	if err := os.WriteFile(graph, []byte(need(g.YAML())(t)), 0o644); err != nil {
		t.Fatal(err)
	}
	loaded := need(c.LoadGraph(graph, tenon.LoadOptions{}))(t)
	if need(loaded.YAML())(t) != need(g.YAML())(t) {
		t.Error("a graph changes when it is written and read")
	}
}

func TestElementTypes(t *testing.T) {
	c := newContext(t)
	roundTrip(t, c, []bool{true, false})
	roundTrip(t, c, []int8{-128, 127})
	roundTrip(t, c, []int64{math.MinInt64, 1})
	roundTrip(t, c, []uint64{math.MaxUint64, 1})
	roundTrip(t, c, []tenon.Int4{-8, 7})
	roundTrip(t, c, []tenon.Float16{0x3C00, 0})
	roundTrip(t, c, []tenon.BFloat16{tenon.NewBFloat16(1.5), tenon.NewBFloat16(-2)})
	roundTrip(t, c, []tenon.Float8E4M3FN{1, 2})
	roundTrip(t, c, []float64{1, math.Inf(1)})
	for value, bits := range map[float32]tenon.BFloat16{1: 0x3F80, 1.00390625: 0x3F80, 1.01171875: 0x3F82, -2: 0xC000} { // ties to even
		if got := tenon.NewBFloat16(value); got != bits {
			t.Errorf("bf16 of %v is %#x, want %#x", value, got, bits)
		}
	}
	if nan := tenon.NewBFloat16(float32(math.NaN())).Float32(); nan == nan {
		t.Error("NaN is lost")
	}
	if tenon.ParseDType("bf16") != tenon.BF16 || tenon.ParseDType("bf17") != tenon.Invalid || tenon.BF16.Size() != 2 {
		t.Error("dtype names")
	}
	_, err := tenon.FromSlice(c, []float32{1, 2, 3}, 2)
	mustFail(t, err, tenon.InvalidArgument, "3 values")
	x := need(tenon.FromSlice(c, []float32{1, 2}, 2))(t)
	_, err = tenon.Read[float64](x)
	mustFail(t, err, tenon.InvalidArgument, "f64")
	_, err = c.NewTensor(tenon.F32, -1)
	mustFail(t, err, tenon.InvalidArgument, "-1")
	scalar := need(tenon.FromSlice(c, []int32{5}))(t)
	if got := need(tenon.Read[int32](scalar))(t); len(got) != 1 || got[0] != 5 {
		t.Error(got)
	}
}

func roundTrip[T tenon.Element](t *testing.T, c *tenon.Context, values []T) {
	t.Helper()
	tensor := need(tenon.FromSlice(c, values, 2, 1))(t)
	defer tensor.Close()
	if tensor.Type().DType != tenon.DTypeOf[T]() {
		t.Error(tensor.Type())
	}
	for i, v := range need(tenon.Read[T](tensor))(t) {
		if v != values[i] {
			t.Errorf("%v became %v", values[i], v)
		}
	}
}

func TestConstantsAndAttributesOfEveryKind(t *testing.T) {
	c := newContext(t)
	g := need(c.NewGraph("constants"))(t)
	half := need(tenon.FromSlice(c, []float32{0.5, 0.25, 2, 4}, 2, 2))(t)
	k := need(g.Constant("k", half))(t)
	half.Close()
	x := need(g.Input("x", tenon.F32, 2, 2))(t)
	y := need(g.Node("multiply", []tenon.Value{x, k}, nil))(t)
	y = need(g.Node("permute", []tenon.Value{y}, tenon.Attributes{"permutation": []int64{1, 0}}))(t)
	y = need(g.Node("cast", []tenon.Value{y}, tenon.Attributes{"to": tenon.F64}))(t)
	y = need(g.Node("reduce_sum", []tenon.Value{y}, tenon.Attributes{"axes": 1, "keepdims": true}))(t)
	if err := g.Output("y", y); err != nil {
		t.Fatal(err)
	}
	p := need(g.Compile(nil))(t)
	in, out := need(tenon.FromSlice(c, []float32{1, 2, 3, 4}, 2, 2))(t), need(p.NewOutputs())(t)
	if err := p.Run([]*tenon.Tensor{in}, out); err != nil {
		t.Fatal(err)
	}
	// x * k = [[0.5, 0.5], [6, 16]]; sums of its columns.
	if got := need(tenon.Read[float64](out[0]))(t); got[0] != 6.5 || got[1] != 16.5 {
		t.Error(got)
	}
}
