// A host in Go over the C interface alone: parses a graph, runs it, compares with the formula in float64; then an error and its advice.
package main

/*
#cgo pkg-config: tenon
#include <stdlib.h>
#include "tenon/tenon.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"unsafe"
)

const graphText = `tenon: 1
name: norm
inputs:
- {name: x, dtype: f32, shape: [2, 4]}
- {name: w, dtype: f32, shape: [4]}
nodes:
- {name: y, op: rms_norm, inputs: [x, w], attributes: {epsilon: 1.0e-5}}
outputs: [y]
`

func check(code C.int32_t, err *C.tenon_error) error {
	if code == C.TENON_OK {
		return nil
	}
	defer C.tenon_error_release(err)
	return errors.New(C.GoString(C.tenon_error_get_report(err, nil)))
}

func parse(context *C.tenon_context, yaml string) (*C.tenon_graph, error) {
	text, file := C.CString(yaml), C.CString("norm.yaml")
	defer C.free(unsafe.Pointer(text))
	defer C.free(unsafe.Pointer(file))
	var graph *C.tenon_graph
	var err *C.tenon_error
	code := C.tenon_graph_parse(context, text, C.size_t(len(yaml)), file, 9, 0, &graph, &err)
	return graph, check(code, err)
}

// A view over C memory: Go memory may not hold pointers to Go memory across a call.
func view(values []float32, dims []int64) *C.tenon_tensor_view {
	view := (*C.tenon_tensor_view)(C.calloc(1, C.sizeof_tenon_tensor_view))
	view.data = C.calloc(C.size_t(len(values)), 4)
	copy(unsafe.Slice((*float32)(view.data), len(values)), values)
	view.dims = (*C.int64_t)(C.calloc(C.size_t(len(dims)), 8))
	copy(unsafe.Slice((*int64)(unsafe.Pointer(view.dims)), len(dims)), dims)
	view.rank = C.int32_t(len(dims))
	view.dtype = C.TENON_F32
	return view
}

func free(view *C.tenon_tensor_view) {
	C.free(view.data)
	C.free(unsafe.Pointer(view.dims))
	C.free(unsafe.Pointer(view))
}

func story() error {
	x := []float32{1, 2, 3, 4, -1, 0, 1, 0}
	w := []float32{1, 1, 2, 0.5}
	fmt.Println("libtenon", C.GoString(C.tenon_version()))
	var context *C.tenon_context
	var program *C.tenon_program
	var failed *C.tenon_error
	code := C.tenon_context_create(nil, &context, &failed)
	if err := check(code, failed); err != nil {
		return err
	}
	defer C.tenon_context_destroy(context)
	graph, err := parse(context, graphText)
	if err != nil {
		return err
	}
	defer C.tenon_graph_destroy(graph)
	code = C.tenon_graph_compile(graph, nil, &program, &failed)
	if err := check(code, failed); err != nil {
		return err
	}
	defer C.tenon_program_destroy(program)

	inputs := (*[2]C.tenon_tensor_view)(C.calloc(2, C.sizeof_tenon_tensor_view))
	defer C.free(unsafe.Pointer(inputs))
	xView, wView, yView := view(x, []int64{2, 4}), view(w, []int64{4}), view(make([]float32, 8), []int64{2, 4})
	defer free(xView)
	defer free(wView)
	defer free(yView)
	inputs[0], inputs[1] = *xView, *wView
	code = C.tenon_program_run(program, &inputs[0], 2, yView, 1, nil, &failed)
	if err := check(code, failed); err != nil {
		return err
	}
	y := unsafe.Slice((*float32)(yView.data), 8)
	for row := 0; row < 2; row++ {
		mean := 0.0
		for i := 0; i < 4; i++ {
			mean += float64(x[row*4+i]) * float64(x[row*4+i]) / 4
		}
		for i := 0; i < 4; i++ {
			want := float64(x[row*4+i]) / math.Sqrt(mean+1e-5) * float64(w[i])
			if got := float64(y[row*4+i]); math.Abs(got-want) > 1e-6*math.Abs(want) {
				return fmt.Errorf("y[%d,%d] is %g, the formula gives %g", row, i, got, want)
			}
		}
	}
	fmt.Println(y)

	_, err = parse(context, strings.Replace(graphText, "epsilon", "epsilom", 1))
	if err == nil || !strings.Contains(err.Error(), "norm.yaml:7") || !strings.Contains(err.Error(), "advice") {
		return fmt.Errorf("a misspelt attribute gives no place or no advice: %v", err)
	}
	fmt.Println("as expected:", err)
	return nil
}

func main() {
	if err := story(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
